import { describe, expect, it } from 'vitest'
import { queueKeys } from '../../../src/store/keys.ts'
import { type Lease, type Op, PRIORITIES, type Priority } from '../../../src/store/store.ts'
import type { Subject } from './subject.ts'

const QUEUE = 'email_queue'
const ids = (leases: readonly Lease[]) => leases.map(({ jobId }) => jobId)

/** The order in which jobs come out, scheduling, pausing and withdrawing. */
export function describeQueue(at: Subject): void {
  const many = (priority: Priority, count: number): Op[] =>
    Array.from({ length: count }, (_, n) => at.enqueue(QUEUE, `${priority}${n}`, priority))

  describe('queue', () => {
    it('gives a job with its record, a lease and the name of its queue', async () => {
      await at.write(at.enqueue(QUEUE, 'j1', 'high'))
      const [lease] = await at.take(QUEUE, 1, 30_000)
      expect(lease).toMatchObject({
        queue: QUEUE,
        partition: at.partition,
        jobId: 'j1',
        takes: 1,
        job: '{"id":"j1","priority":"high"}',
        expiresAt: at.clock.now() + 30_000,
      })
      expect(await at.get(queueKeys.job(QUEUE, 'j1'))).toBe(lease!.job)
      expect(await at.take(QUEUE, 10)).toEqual([])
    })

    it('is first in, first out within a priority', async () => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) await at.write(at.enqueue(QUEUE, id))
      expect(ids(await at.take(QUEUE, 2))).toEqual(['a', 'b'])
      await at.write(at.enqueue(QUEUE, 'f'))
      expect(ids(await at.take(QUEUE, 10))).toEqual(['c', 'd', 'e', 'f'])
    })

    it('gives critical jobs before all others', async () => {
      for (const priority of ['low', 'normal', 'high', 'critical'] as const) {
        await at.write(...many(priority, 3))
      }
      expect(ids(await at.take(QUEUE, 3))).toEqual(['critical0', 'critical1', 'critical2'])
      await at.take(QUEUE, 2)
      await at.write(at.enqueue(QUEUE, 'late', 'critical'))
      expect(ids(await at.take(QUEUE, 1))).toEqual(['late'])
    })

    it.each([1, 5, 14, 64])('shares high, normal and low by 8:4:2, %i at a time', async (limit) => {
      for (const priority of ['low', 'normal', 'high'] as const) {
        await at.write(...many(priority, 200))
      }
      const taken: Record<string, number> = { high: 0, normal: 0, low: 0 }
      for (let left = 210; left > 0; left -= limit) {
        for (const { job } of await at.take(QUEUE, Math.min(limit, left))) {
          taken[JSON.parse(job).priority as Priority]! += 1
        }
      }
      expect(taken.high).toBeGreaterThan(105)
      expect(taken.high).toBeLessThan(135)
      expect(taken.normal).toBeGreaterThan(50)
      expect(taken.normal).toBeLessThan(70)
      expect(taken.low).toBeGreaterThan(22)
      expect(taken.low).toBeLessThan(38)
    })

    it('fills up from the priorities that have jobs', async () => {
      await at.write(...many('low', 20), ...many('high', 1))
      expect(await at.take(QUEUE, 15)).toHaveLength(15)
      expect(await at.take(QUEUE, 15)).toHaveLength(6)
    })

    it('gives a job to one taker only', async () => {
      await at.write(...many('normal', 50))
      const takers = await Promise.all(Array.from({ length: 10 }, () => at.take(QUEUE, 10)))
      const taken = takers.flatMap(ids)
      expect(taken).toHaveLength(50)
      expect(new Set(taken).size).toBe(50)
      expect(new Set(takers.flat().map(({ token }) => token)).size).toBe(50)
    })

    it('holds a scheduled job until it is due, then gives it by its priority', async () => {
      const dueAt = at.clock.now() + 5_000
      await at.write(
        at.enqueue(QUEUE, 'later', 'critical', dueAt),
        at.enqueue(QUEUE, 'now', 'high'),
      )
      expect(await at.store.depth(at.partition, QUEUE)).toMatchObject({
        scheduled: 1,
        nextDueAt: dueAt,
      })
      expect(ids(await at.take(QUEUE, 10))).toEqual(['now'])
      await at.write(at.enqueue(QUEUE, 'other', 'high'))
      at.clock.advance(5_001)
      expect(ids(await at.take(QUEUE, 1))).toEqual(['later'])
      expect(ids(await at.take(QUEUE, 1))).toEqual(['other'])
    })

    it('a moment that has passed means at once', async () => {
      await at.write(at.enqueue(QUEUE, 'j1', 'normal', at.clock.now() - 1))
      expect(ids(await at.take(QUEUE))).toEqual(['j1'])
    })

    it('gives due jobs in the order of their moments', async () => {
      const now = at.clock.now()
      for (const [id, ms] of [
        ['c', 300],
        ['a', 100],
        ['b', 200],
      ] as const) {
        await at.write(at.enqueue(QUEUE, id, 'normal', now + ms))
      }
      at.clock.advance(301)
      expect(ids(await at.take(QUEUE, 3))).toEqual(['a', 'b', 'c'])
    })

    it('withdraw takes out a job that waits, ready or scheduled', async () => {
      await at.write(at.enqueue(QUEUE, 'ready', 'high'), at.enqueue(QUEUE, 'stays', 'high'))
      await at.write(at.enqueue(QUEUE, 'later', 'low', at.clock.now() + 1_000))
      for (const id of ['ready', 'later']) {
        expect(await at.commit([], [['withdraw', QUEUE, id]])).toMatchObject({ applied: true })
        expect(await at.get(queueKeys.job(QUEUE, id))).toBeNull()
      }
      const depth = await at.store.depth(at.partition, QUEUE)
      expect([depth.ready.high, depth.scheduled, depth.nextDueAt]).toEqual([1, 0, null])
      at.clock.advance(2_000)
      expect(ids(await at.take(QUEUE, 10))).toEqual(['stays'])
    })

    it('jobs that come in one turn come out in order, but for one that is withdrawn in it', async () => {
      const withdraw = (id: string) => at.commit([], [['withdraw', QUEUE, id]])
      const enqueue = (id: string) => at.commit([at.enqueue(QUEUE, id)])
      const outcomes = await Promise.all([
        ...['j1', 'j2', 'j3'].map(enqueue),
        ...['j2', 'j9'].map(withdraw),
        ...['j4', 'j5'].map(enqueue),
      ])
      const isApplied = outcomes.map(({ applied }) => applied)
      expect(isApplied).toEqual([true, true, true, true, false, true, true])
      expect(ids(await at.take(QUEUE, 10))).toEqual(['j1', 'j3', 'j4', 'j5'])
    })

    it('withdraw refuses a job that was taken, is done or was never there', async () => {
      await at.write(at.enqueue(QUEUE, 'taken'))
      const [lease] = await at.take(QUEUE)
      const refused = { applied: false, refusedBy: 0 }
      expect(await at.commit([], [['withdraw', QUEUE, 'taken']])).toMatchObject(refused)
      await at.commit([], [['lease', QUEUE, 'taken', lease!.token]])
      expect(await at.commit([], [['withdraw', QUEUE, 'taken']])).toMatchObject(refused)
      expect(await at.commit([], [['withdraw', QUEUE, 'unknown']])).toMatchObject(refused)
    })

    it('a paused queue gives nothing, and goes on where it was', async () => {
      await at.write(at.enqueue(QUEUE, 'j1'), ['set', queueKeys.paused(QUEUE), '1', 0])
      expect(await at.take(QUEUE)).toEqual([])
      await at.write(['del', queueKeys.paused(QUEUE)])
      expect(ids(await at.take(QUEUE))).toEqual(['j1'])
    })

    it('skips a job whose record has expired', async () => {
      const job = '{"id":"old","priority":"normal"}'
      await at.write(['enqueue', QUEUE, 'old', job, 'normal', 0, at.shortMs])
      await at.write(at.enqueue(QUEUE, 'fresh'))
      await at.expired(async () => (await at.get(queueKeys.job(QUEUE, 'old'))) === null)
      expect(ids(await at.take(QUEUE, 1))).toEqual(['fresh'])
    })

    it('depth counts what is ready, scheduled, leased and failed', async () => {
      for (const [n, priority] of PRIORITIES.entries()) await at.write(...many(priority, n + 1))
      await at.take(QUEUE, 1)
      await at.write(['push', queueKeys.failed(QUEUE), 'broken', 0])
      expect(await at.store.depth(at.partition, QUEUE)).toEqual({
        ready: { critical: 0, high: 2, normal: 3, low: 4 },
        scheduled: 0,
        leased: 1,
        failed: 1,
        nextDueAt: null,
      })
    })

    it('queues do not mix', async () => {
      await at.write(at.enqueue(QUEUE, 'mail'), at.enqueue('sms_queue', 'text'))
      expect(ids(await at.take('sms_queue', 10))).toEqual(['text'])
      expect(ids(await at.take(QUEUE, 10))).toEqual(['mail'])
    })
  })
}
