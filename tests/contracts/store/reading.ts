import { describe, expect, it } from 'vitest'
import { queueKeys } from '../../../src/store/keys.ts'
import type { StoredKey } from '../../../src/store/store.ts'
import { partitionOf } from '../../../src/support/ids.ts'
import type { Subject } from './subject.ts'

/** Reading: ranges, pages, counts, and the listing of all keys. */
export function describeReading(at: Subject): void {
  const listed = async (match?: string): Promise<StoredKey[]> => {
    const keys: StoredKey[] = []
    for await (const key of at.store.keys(match)) keys.push(key)
    return keys.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  describe('reading', () => {
    it('an absent key is empty in every way', async () => {
      const p = at.partition
      expect(await at.store.get(p, 'x')).toBeNull()
      expect(await at.store.getMany(p, [])).toEqual([])
      expect(await at.store.list(p, 'x', 0, -1)).toEqual([])
      expect(await at.store.length(p, 'x')).toBe(0)
      expect(await at.store.members(p, 'x')).toEqual([])
      expect(await at.store.isMember(p, 'x', 'm')).toBe(false)
      expect(await at.store.count(p, 'x')).toBe(0)
      expect(await at.store.countMany(p, [])).toEqual([])
      expect((await at.store.scan(p, 'x', null, 10)).members).toEqual([])
      expect(await at.store.rangeByName(p, 'x', '', 10)).toEqual([])
      expect(await at.store.rangeByScore(p, 'x', 0, 9, 10)).toEqual([])
      expect(await at.store.drain(p, 'x', 10)).toEqual([])
      expect(await at.store.unreadCount(p, '', 'nobody')).toBe(0)
    })

    it('what is there outlives that the rest is scrubbed, twice at once', async () => {
      await at.write(['set', 'a', '1', 0], ['set', 'b', '2', 0], ['sadd', 's', 'm'], ['del', 'b'])
      await Promise.all([at.store.scrub(), at.store.scrub()])
      await at.write(['sadd', 's', 'n'])
      expect(await at.store.getMany(at.partition, ['a', 'b'])).toEqual(['1', null])
      expect((await at.store.members(at.partition, 's')).sort()).toEqual(['m', 'n'])
    })

    it('getMany answers in the order of the keys, absent ones as null', async () => {
      await at.write(['set', 'a', '1', 0], ['set', 'c', '3', 0])
      expect(await at.store.getMany(at.partition, ['c', 'b', 'a', 'c'])).toEqual([
        '3',
        null,
        '1',
        '3',
      ])
    })

    it('list counts from the newest, negative from the end, inclusive', async () => {
      for (const value of ['a', 'b', 'c', 'd', 'e']) await at.write(['push', 'l', value, 0])
      const range = (start: number, stop: number) => at.store.list(at.partition, 'l', start, stop)
      expect(await range(0, 1)).toEqual(['e', 'd'])
      expect(await range(1, 3)).toEqual(['d', 'c', 'b'])
      expect(await range(-2, -1)).toEqual(['b', 'a'])
      expect(await range(-99, 0)).toEqual(['e'])
      expect(await range(3, 99)).toEqual(['b', 'a'])
      expect(await range(1, -2)).toEqual(['d', 'c', 'b'])
      expect(await range(4, 2)).toEqual([])
      expect(await range(9, 12)).toEqual([])
      expect(await at.store.length(at.partition, 'l')).toBe(5)
    })

    it('count, members and isMember know sets; count knows sorted sets too', async () => {
      await at.write(['sadd', 's', 'a'], ['sadd', 's', 'b'], ['zadd', 'z', 1, 'c'])
      expect(await at.store.count(at.partition, 's')).toBe(2)
      expect(await at.store.countMany(at.partition, ['s', 'none', 's'])).toEqual([2, 0, 2])
      expect(await at.store.count(at.partition, 'z')).toBe(1)
      expect(await at.store.isMember(at.partition, 's', 'a')).toBe(true)
      expect(await at.store.isMember(at.partition, 's', 'z')).toBe(false)
    })

    it('scan shows every member, also while others come and go', async () => {
      const expected = Array.from({ length: 500 }, (_, n) => `member-${n}`)
      await at.write(...expected.map((member) => ['sadd', 's', member] as const))
      const seen = new Set<string>()
      let cursor: string | null = null
      let pages = 0
      do {
        const page = await at.store.scan(at.partition, 's', cursor, 50)
        for (const member of page.members) seen.add(member)
        cursor = page.cursor
        pages += 1
        await at.write(['sadd', 's', `late-${pages}`], ['srem', 's', `late-${pages - 1}`])
      } while (cursor !== null && pages < 2_000)
      expect(cursor).toBeNull()
      expect(expected.filter((member) => !seen.has(member))).toEqual([])
      expect(pages).toBeGreaterThan(1)
    })

    it('rangeByName pages through a sorted set, each member once', async () => {
      const expected = Array.from({ length: 95 }, (_, n) => `user-${String(n).padStart(3, '0')}`)
      await at.write(...[...expected].reverse().map((member) => ['zadd', 'z', 0, member] as const))
      const seen: string[] = []
      for (let after = ''; ; after = seen.at(-1)!) {
        const page = await at.store.rangeByName(at.partition, 'z', after, 10)
        seen.push(...page)
        if (page.length < 10) break
      }
      expect(seen).toEqual(expected)
    })

    it('rangeByName goes on after a member that was removed', async () => {
      await at.write(['zadd', 'z', 0, 'a'], ['zadd', 'z', 0, 'b'], ['zadd', 'z', 0, 'c'])
      await at.write(['zrem', 'z', 'b'])
      expect(await at.store.rangeByName(at.partition, 'z', 'b', 10)).toEqual(['c'])
      expect(await at.store.rangeByName(at.partition, 'z', '', 1)).toEqual(['a'])
    })

    it('rangeByScore is inclusive, lowest first, and stops at the limit', async () => {
      await at.write(['zadd', 'z', 3, 'c'], ['zadd', 'z', 1, 'a'], ['zadd', 'z', 2, 'b'])
      const names = async (from: number, to: number, limit: number) =>
        (await at.store.rangeByScore(at.partition, 'z', from, to, limit)).map(
          ({ member }) => member,
        )
      expect(await names(1, 2, 10)).toEqual(['a', 'b'])
      expect(await names(0, Number.POSITIVE_INFINITY, 10)).toEqual(['a', 'b', 'c'])
      expect(await names(Number.NEGATIVE_INFINITY, 9, 2)).toEqual(['a', 'b'])
      expect(await names(4, 9, 10)).toEqual([])
      expect((await at.store.rangeByScore(at.partition, 'z', 3, 3, 1))[0]).toEqual({
        member: 'c',
        score: 3,
      })
    })

    it('keys lists every key with its kind, value and what is left of its time', async () => {
      await at.write(['set', 's', 'x', 0], ['set', 'timed', 'y', at.hourMs])
      await at.write(['push', 'l', 'a', 0], ['push', 'l', 'b', 0])
      await at.write(['sadd', 'set', 'a'], ['zadd', 'z', 1.5, 'a'])
      const keys = await listed()
      expect(keys).toMatchObject([
        { key: 'l', kind: 'list', value: ['b', 'a'], ttlMs: null },
        { key: 's', kind: 'string', value: 'x', ttlMs: null },
        { key: 'set', kind: 'set', value: ['a'], ttlMs: null },
        { key: 'timed', kind: 'string', value: 'y' },
        { key: 'z', kind: 'zset', value: [['a', 1.5]], ttlMs: null },
      ])
      expect(keys[3]!.ttlMs).toBeGreaterThan(at.hourMs - 10_000)
      expect(keys[3]!.ttlMs).toBeLessThanOrEqual(at.hourMs)
      expect(keys.every(({ partition }) => partition === at.partition)).toBe(true)
    })

    it('keys can be narrowed by a pattern', async () => {
      await at.write(['set', 'user:1:profile', '', 0], ['set', 'user:2:profile', '', 0])
      await at.write(['set', 'alert:1', '', 0], ['push', 'user:1:tokens', 'n', 0])
      const names = async (match: string) => (await listed(match)).map(({ key }) => key)
      expect(await names('user:*:profile')).toEqual(['user:1:profile', 'user:2:profile'])
      expect(await names('user:1:*')).toEqual(['user:1:profile', 'user:1:tokens'])
      expect(await names('nothing*')).toEqual([])
    })

    it('queues show under their names', async () => {
      const later = at.clock.now() + at.hourMs
      await at.write(
        at.enqueue('email_queue', 'j1', 'high'),
        at.enqueue('email_queue', 'j2', 'high'),
      )
      await at.write(
        at.enqueue('email_queue', 'j3', 'low', later),
        at.enqueue('email_queue', 'j0', 'critical'),
      )
      await at.take('email_queue')
      const keys = await listed('email_*')
      const found = Object.fromEntries(keys.map((key) => [key.key, key]))
      expect(found['email_queue:high']).toMatchObject({ kind: 'list', value: ['j2', 'j1'] })
      expect(found['email_queue:scheduled']).toMatchObject({ kind: 'zset', value: [['j3', later]] })
      expect(found[queueKeys.leases('email_queue')]).toBeDefined()
      for (const id of ['j0', 'j1', 'j2', 'j3']) expect(found[`email_job:${id}`]).toBeDefined()
    })

    it('what belongs to one owner is found in his partition, whichever that is', async () => {
      const owners = Array.from({ length: 40 }, (_, n) => `owner-${n}`)
      await Promise.all(
        owners.map((owner) =>
          at.store.commit({
            partition: partitionOf(owner, at.store.partitions),
            ops: [['inbox', '', owner, `n-${owner}`, owner, 0, 10]],
          }),
        ),
      )
      for (const owner of owners) {
        const partition = partitionOf(owner, at.store.partitions)
        expect(await at.store.get(partition, at.keys.notification(`n-${owner}`))).toBe(owner)
        expect(await at.store.unreadCount(partition, '', owner)).toBe(1)
      }
      for (const { key, partition } of await listed('user:*:notifications')) {
        expect(partition).toBe(partitionOf(key.split(':')[1]!, at.store.partitions))
      }
    })

    it('says what it is and answers a ping in milliseconds', async () => {
      expect(at.store.description).not.toBe('')
      expect(await at.store.ping()).toBeGreaterThanOrEqual(0)
    })
  })
}
