import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.ts'

/** The plain operations on strings, lists, sets and sorted sets, and their results. */
export function describeOperations(at: Subject): void {
  describe('operations', () => {
    it('answers with one number for every operation', async () => {
      const results = await at.write(
        ['set', 's', 'x', 0],
        ['expire', 's', at.hourMs],
        ['sadd', 'set', 'a'],
        ['srem', 'set', 'a'],
        ['zadd', 'z', 1, 'a'],
        ['zrem', 'z', 'a'],
        ['del', 's'],
        at.enqueue('email_queue', 'j1'),
        ['inbox', '', 'ann', 'n1', '{}', 0, 10],
        ['fanout', '', 'ann', '"data":1', 10],
      )
      expect(results).toHaveLength(10)
      for (const result of results) expect(result).toBeTypeOf('number')
    })

    it('set replaces and del removes any kind of key', async () => {
      await at.write(['set', 's', 'x', 0], ['set', 's', 'y', 0], ['push', 'l', 'x', 0])
      await at.write(['sadd', 'set', 'x'], ['zadd', 'z', 1, 'x'])
      expect(await at.get('s')).toBe('y')
      await at.write(['del', 's'], ['del', 'l'], ['del', 'set'], ['del', 'z'], ['del', 'nothing'])
      expect(await at.get('s')).toBeNull()
      expect(await at.list('l')).toEqual([])
      expect(await at.members('set')).toEqual([])
      expect(await at.store.count(at.partition, 'z')).toBe(0)
    })

    it('values come back as they were, whatever they contain', async () => {
      for (const value of [
        '',
        '0',
        'ä€𝄞\n\t"',
        '{"a":[1,2]}',
        ' x ',
        '-1e5',
        'a'.repeat(300_000),
      ]) {
        await at.write(['set', 's', value, 0], ['push', 'l', value, 1], ['sadd', 'set', value])
        expect(await at.get('s')).toBe(value)
        expect(await at.list('l')).toEqual([value])
        expect(await at.store.isMember(at.partition, 'set', value)).toBe(true)
      }
    })

    it('incr adds to a number and answers with the new one', async () => {
      expect(await at.write(['incr', 'n', 1, 0], ['incr', 'n', 41, 0])).toEqual([1, 42])
      expect(await at.write(['incr', 'n', -2, at.hourMs])).toEqual([40])
      expect(await at.get('n')).toBe('40')
    })

    it('push adds at the left, keeps the newest and says how many fell off', async () => {
      expect(await at.write(['push', 'l', 'a', 0], ['push', 'l', 'b', 0])).toEqual([0, 0])
      expect(await at.write(['push', 'l', 'c', 3], ['push', 'l', 'd', 3])).toEqual([0, 1])
      expect(await at.list('l')).toEqual(['d', 'c', 'b'])
      expect(await at.write(['push', 'l', 'e', 1])).toEqual([3])
      expect(await at.list('l')).toEqual(['e'])
    })

    it('pull removes every occurrence and says how many', async () => {
      await at.write(['push', 'l', 'a', 0], ['push', 'l', 'b', 0], ['push', 'l', 'a', 0])
      expect(await at.write(['pull', 'l', 'a'], ['pull', 'l', 'z'])).toEqual([2, 0])
      expect(await at.list('l')).toEqual(['b'])
      await at.write(['pull', 'l', 'b'])
      expect(await at.store.length(at.partition, 'l')).toBe(0)
    })

    it('a set holds each member once', async () => {
      await at.write(['sadd', 'set', 'a'], ['sadd', 'set', 'b'], ['sadd', 'set', 'a'])
      expect(await at.members('set')).toEqual(['a', 'b'])
      await at.write(['srem', 'set', 'a'], ['srem', 'set', 'z'])
      expect(await at.members('set')).toEqual(['b'])
    })

    it('zadd moves a member that is there to its new score', async () => {
      await at.write(['zadd', 'z', 5, 'a'], ['zadd', 'z', 1, 'b'], ['zadd', 'z', 0.5, 'a'])
      const range = await at.store.rangeByScore(at.partition, 'z', 0, 9, 10)
      expect(range).toEqual([
        { member: 'a', score: 0.5 },
        { member: 'b', score: 1 },
      ])
      await at.write(['zrem', 'z', 'a'], ['zrem', 'z', 'nothing'])
      expect(await at.store.count(at.partition, 'z')).toBe(1)
    })

    it('a collection without members is no key', async () => {
      await at.write(['push', 'l', 'a', 0], ['sadd', 'set', 'a'], ['zadd', 'z', 1, 'a'])
      await at.write(['pull', 'l', 'a'], ['srem', 'set', 'a'], ['zrem', 'z', 'a'])
      const left: string[] = []
      for await (const { key } of at.store.keys()) left.push(key)
      expect(left).toEqual([])
      await at.write(['set', 'l', 'a string now', 0])
      expect(await at.get('l')).toBe('a string now')
    })

    it('a write of the wrong kind is rejected and harms none of its turn', async () => {
      await at.write(['push', 'l', 'a', 0], ['set', 's', 'text', 0])
      const outcomes = await Promise.allSettled([
        at.commit([['set', 'one', '1', 0]]),
        at.commit([['sadd', 'l', 'x']]),
        at.commit([['incr', 's', 1, 0]]),
        at.commit([['push', 's', 'x', 0]]),
        at.commit([['set', 'two', '2', 0]]),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ])
      expect([await at.get('one'), await at.get('two')]).toEqual(['1', '2'])
      expect([await at.list('l'), await at.get('s')]).toEqual([['a'], 'text'])
    })

    it('all that is committed in one turn is applied, in order', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 1000 }, (_, n) =>
          at.commit([
            ['incr', 'count', 1, 0],
            ['push', 'l', `${n}`, 0],
          ]),
        ),
      )
      const counted = outcomes.map((outcome) => (outcome.applied ? outcome.results[0] : null))
      expect(new Set(counted).size).toBe(1000)
      expect(await at.get('count')).toBe('1000')
      expect(new Set(await at.list('l')).size).toBe(1000)
    })

    it('a number that is counted often in one turn is what it would be one by one', async () => {
      const { hourMs } = at
      const outcomes = await Promise.all([
        at.commit([['incr', 'n', 1, 0]]),
        at.commit([
          ['incr', 'n', 2, 0],
          ['incr', 'other', 5, 0],
        ]),
        at.commit([['incr', 'n', 3, 0]], [['expect', 'n', '3']]),
        at.commit([['incr', 'n', 100, 0]], [['expect', 'n', '3']]),
        at.commit([
          ['incr', 'n', 4, hourMs],
          ['incr', 'n', 5, 0],
        ]),
        at.commit([], [['below', 'n', 16, 0]]),
        at.commit([], [['below', 'n', 16, 0]]),
        at.commit([
          ['incr', 'n', 1, 0],
          ['expire', 'n', hourMs],
        ]),
        at.commit([
          ['set', 'n', '30', 0],
          ['incr', 'n', 1, 0],
          ['incr', 'n', 1, 0],
        ]),
        at.commit([['incr', 'n', 1, 0]], [['once', 'n', 'mine', 0]]),
        at.commit(
          [
            ['del', 'n'],
            ['incr', 'n', 7, 0],
          ],
          [['expect', 'other', '5']],
        ),
        at.commit([['incr', 'n', -9, 0]]),
      ])
      const said = outcomes.map((one) => (one.applied ? one.results : one.value))
      expect(said).toEqual([
        ...[[1], [3, 5], [6], '6', [10, 15], [], '16', [17, 1], [1, 31, 32], '32'],
        ...[[1, 7], [-2]],
      ])
      expect([await at.get('n'), await at.get('other')]).toEqual(['-2', '5'])
    })

    it('what is read after a commit includes it', async () => {
      for (let n = 1; n <= 20; n++) {
        await at.write(['set', 's', `${n}`, 0])
        expect(await at.get('s')).toBe(`${n}`)
      }
    })
  })
}
