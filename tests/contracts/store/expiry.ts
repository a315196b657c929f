import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.ts'

/** Keys of every kind end when their time is up, and not before. */
export function describeExpiry(at: Subject): void {
  const present = async (): Promise<string[]> => {
    const names: string[] = []
    for await (const { key } of at.store.keys()) names.push(key)
    return names.sort()
  }

  describe('expiry', () => {
    it('set ends after its time, and another set without one lifts it', async () => {
      await at.write(['set', 'ends', 'x', at.shortMs], ['set', 'stays', 'x', at.shortMs])
      await at.write(['set', 'stays', 'y', 0], ['set', 'longer', 'x', at.hourMs])
      await at.expired(async () => (await at.get('ends')) === null)
      expect(await at.store.getMany(at.partition, ['ends', 'stays', 'longer'])).toEqual([
        null,
        'y',
        'x',
      ])
    })

    it('expire ends a key of any kind', async () => {
      await at.write(['set', 's', 'x', 0], ['push', 'l', 'x', 0])
      await at.write(['sadd', 'set', 'x'], ['zadd', 'z', 1, 'x'], ['set', 'other', 'x', 0])
      for (const key of ['s', 'l', 'set', 'z', 'nothing']) {
        await at.write(['expire', key, at.shortMs])
      }
      await at.expired(async () => (await present()).join() === 'other')
      expect(await at.list('l')).toEqual([])
      expect(await at.members('set')).toEqual([])
      expect(await at.store.count(at.partition, 'set')).toBe(0)
      expect(await at.store.isMember(at.partition, 'set', 'x')).toBe(false)
      expect(await at.store.count(at.partition, 'z')).toBe(0)
      expect(await at.store.length(at.partition, 'l')).toBe(0)
      expect(await at.store.rangeByScore(at.partition, 'z', 0, 9, 9)).toEqual([])
      expect(await at.store.rangeByName(at.partition, 'z', '', 9)).toEqual([])
      expect((await at.store.scan(at.partition, 'set', null, 9)).members).toEqual([])
      expect(await at.store.drain(at.partition, 'l', 9)).toEqual([])
    })

    it('what is written to an expired key starts afresh, of whatever kind', async () => {
      await at.write(['push', 'a', 'old', 0], ['sadd', 'b', 'old'], ['incr', 'n', 5, at.shortMs])
      await at.write(['zadd', 'c', 1, 'old'])
      for (const key of ['a', 'b', 'c']) await at.write(['expire', key, at.shortMs])
      await at.expired(async () => (await present()).length === 0)
      expect(await at.write(['push', 'a', 'new', 0], ['incr', 'n', 1, 0])).toEqual([0, 1])
      await at.write(['sadd', 'b', 'new'], ['push', 'c', 'a list now', 0])
      expect(await at.list('a')).toEqual(['new'])
      expect(await at.members('b')).toEqual(['new'])
      expect(await at.list('c')).toEqual(['a list now'])
      at.clock.advance(at.shortMs * 3)
      expect(await present()).toEqual(['a', 'b', 'c', 'n'])
    })

    it('changing a collection keeps its time', async () => {
      await at.write(['push', 'l', 'a', 0], ['expire', 'l', at.shortMs], ['push', 'l', 'b', 0])
      await at.write(['sadd', 's', 'a'], ['expire', 's', at.shortMs], ['sadd', 's', 'b'])
      await at.expired(async () => (await present()).length === 0)
    })

    it('incr without a time keeps the one that the number has', async () => {
      await at.write(['incr', 'n', 1, at.shortMs], ['incr', 'n', 1, 0])
      await at.expired(async () => (await at.get('n')) === null)
    })

    it('expire replaces the time that was set before', async () => {
      await at.write(['set', 'a', 'x', at.shortMs], ['expire', 'a', at.hourMs])
      await at.write(['set', 'b', 'x', at.hourMs], ['expire', 'b', at.shortMs])
      await at.expired(async () => (await at.get('b')) === null)
      expect(await at.get('a')).toBe('x')
    })
  })
}
