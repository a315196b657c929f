import { describe, expect, it } from 'vitest'
import { type Op, STORED_RECORD } from '../../../src/store/store.ts'
import type { Subject } from './subject.ts'

/** Session queues: what fan-out appends, and what drain and acknowledge take away. */
export function describeFanout(at: Subject): void {
  const connect = (session: string, ttlMs = at.hourMs): Op[] => [
    ['set', at.keys.session('ann', session), `{"session_id":"${session}"}`, ttlMs],
    ['sadd', at.keys.sessions('ann'), session],
  ]
  const fanout = (body: string, cap = 1000): Op => ['fanout', '', 'ann', `"data":"${body}"`, cap]
  const queued = async (session: string) =>
    (await at.list(at.keys.sessionQueue('ann', session))).map((entry) => JSON.parse(entry))

  describe('fanout', () => {
    it('appends to every live session, numbered per user', async () => {
      await at.write(...connect('s1'), ...connect('s2'))
      expect(await at.write(fanout('a'), fanout('b'))).toEqual([1, 2])
      expect(await queued('s1')).toEqual([
        { seq: 2, user_id: 'ann', session_id: 's1', data: 'b' },
        { seq: 1, user_id: 'ann', session_id: 's1', data: 'a' },
      ])
      expect((await queued('s2')).map(({ seq, session_id }) => [seq, session_id])).toEqual([
        [2, 's2'],
        [1, 's2'],
      ])
    })

    it('takes the record from the write that stores it, created or replaced', async () => {
      await at.write(...connect('s1'))
      const record = '{"id":"n1","price":"$& é"}'
      const ops: Op[] = [
        ['fanout', '', 'ann', `"data":${STORED_RECORD},"timestamp":1`, 10],
        ['inbox', '', 'ann', 'n1', record, 0, 100],
      ]
      const guards = [['expect', at.keys.notification('n1'), null]] as const
      await at.store.commit({ partition: at.partition, guards, ops })
      await at.store.commit({ partition: at.partition, ops })
      expect((await queued('s1')).map(({ data, timestamp }) => [data, timestamp])).toEqual([
        [JSON.parse(record), 1],
        [JSON.parse(record), 1],
      ])
    })

    it('is 0 and leaves nothing when nobody is connected', async () => {
      expect(await at.write(fanout('a'))).toEqual([0])
      expect(await queued('s1')).toEqual([])
      await at.write(...connect('s1'))
      expect((await at.write(fanout('b')))[0]).toBeGreaterThan(0)
      expect((await queued('s1')).map(({ data }) => data)).toEqual(['b'])
    })

    it('keeps the newest of each queue', async () => {
      await at.write(...connect('s1'))
      for (const body of ['a', 'b', 'c']) await at.write(fanout(body, 2))
      expect((await queued('s1')).map(({ data }) => data)).toEqual(['c', 'b'])
    })

    it('sweeps out sessions that have ended, and their queues end with them', async () => {
      await at.write(...connect('s1', at.shortMs), ...connect('s2'), fanout('a'))
      const queue = at.keys.sessionQueue('ann', 's1')
      await at.expired(async () => (await at.get(at.keys.session('ann', 's1'))) === null)
      const [seq] = await at.write(fanout('b'))
      expect(seq).toBe(2)
      expect(await at.members(at.keys.sessions('ann'))).toEqual(['s2'])
      await at.expired(async () => (await at.list(queue)).length === 0)
      expect((await queued('s2')).map(({ data }) => data)).toEqual(['b', 'a'])
    })

    it('a queue lives as long as its session', async () => {
      await at.write(...connect('s1'), fanout('a'))
      const ttls = new Map<string, number | null>()
      for await (const { key, ttlMs } of at.store.keys()) ttls.set(key, ttlMs)
      const session = ttls.get(at.keys.session('ann', 's1'))
      const queue = ttls.get(at.keys.sessionQueue('ann', 's1'))
      expect(session).toBeGreaterThan(0)
      expect(Math.abs(Number(queue) - Number(session))).toBeLessThan(1_000)
    })

    it('numbers go on counting under concurrent fan-outs', async () => {
      await at.write(...connect('s1'))
      await Promise.all(Array.from({ length: 100 }, (_, n) => at.write(fanout(`${n}`))))
      const seqs = (await queued('s1')).map(({ seq }) => seq as number)
      expect(seqs).toEqual(Array.from({ length: 100 }, (_, n) => 100 - n))
    })
  })

  describe('session queues', () => {
    const key = 'websocket:queue:ann:s1'
    const fill = async (count: number) => {
      await at.write(...connect('s1'))
      for (let n = 1; n <= count; n++) await at.write(fanout(`${n}`))
    }
    const data = (entries: readonly string[]) => entries.map((entry) => JSON.parse(entry).data)

    it('drain removes and returns the oldest, oldest first', async () => {
      await fill(5)
      expect(data(await at.store.drain(at.partition, key, 2))).toEqual(['1', '2'])
      expect(data(await at.store.drain(at.partition, key, 10))).toEqual(['3', '4', '5'])
      expect(await at.store.drain(at.partition, key, 10)).toEqual([])
    })

    it('two that drain at once share the entries', async () => {
      await fill(10)
      const parts = await Promise.all([
        at.store.drain(at.partition, key, 7),
        at.store.drain(at.partition, key, 7),
      ])
      const all = parts.flatMap(data)
      expect(all).toHaveLength(10)
      expect(new Set(all).size).toBe(10)
    })

    it('acknowledge removes what was seen and says how many', async () => {
      await fill(5)
      expect(await at.store.acknowledge(at.partition, key, 3)).toBe(3)
      expect(await at.store.acknowledge(at.partition, key, 3)).toBe(0)
      expect(data(await at.list(key))).toEqual(['5', '4'])
      expect(await at.store.acknowledge(at.partition, key, 99)).toBe(2)
      expect(await at.store.acknowledge(at.partition, 'websocket:queue:bob:none', 9)).toBe(0)
    })
  })
}
