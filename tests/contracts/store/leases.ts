import { describe, expect, it } from 'vitest'
import { queueKeys } from '../../../src/store/keys.ts'
import type { Lease } from '../../../src/store/store.ts'
import type { Subject } from './subject.ts'

const QUEUE = 'email_queue'

/** A job in a worker's hands: given back, kept, lost, taken up again. */
export function describeLeases(at: Subject): void {
  const taken = async (id = 'j1', leaseMs = 30_000): Promise<Lease> => {
    await at.write(at.enqueue(QUEUE, id, 'high'))
    return (await at.take(QUEUE, 1, leaseMs))[0]!
  }
  const giveBack = (lease: Lease) => at.commit([], [['lease', QUEUE, lease.jobId, lease.token]])
  const reap = (maxTakes = 3) => at.store.reap(at.partition, QUEUE, maxTakes)

  describe('leases', () => {
    it('a job given back is done: it leaves no trace', async () => {
      const lease = await taken()
      expect(await giveBack(lease)).toMatchObject({ applied: true })
      expect(await at.get(queueKeys.job(QUEUE, 'j1'))).toBeNull()
      expect((await at.store.depth(at.partition, QUEUE)).leased).toBe(0)
      at.clock.advance(60_000)
      expect(await reap()).toEqual({ requeued: [], failed: [] })
      expect(await giveBack(lease)).toMatchObject({ applied: false, refusedBy: 0 })
    })

    it('a retry gives the job back and puts it in again, in one write', async () => {
      const lease = await taken()
      const again = at.enqueue(QUEUE, 'j1', 'high', at.clock.now() + 1_000)
      const retry = await at.commit([again], [['lease', QUEUE, 'j1', lease.token]])
      expect(retry).toMatchObject({ applied: true })
      expect(await at.take(QUEUE)).toEqual([])
      at.clock.advance(1_001)
      const [second] = await at.take(QUEUE)
      expect(second).toMatchObject({ jobId: 'j1', takes: 1 })
      expect(second!.token).not.toBe(lease.token)
    })

    it('a lease that ran out is still ours until somebody takes the job up', async () => {
      const lease = await taken()
      at.clock.advance(30_001)
      expect(await giveBack(lease)).toMatchObject({ applied: true })
    })

    it('reap puts a lost job at the head of its queue, and the old lease is stale', async () => {
      const lost = await taken('lost')
      await at.write(at.enqueue(QUEUE, 'next', 'high'))
      at.clock.advance(30_001)
      expect(await reap()).toEqual({ requeued: ['lost'], failed: [] })
      const [again] = await at.take(QUEUE)
      expect(again).toMatchObject({ jobId: 'lost', takes: 2, job: lost.job })
      const late = await at.commit(
        [['set', 'done', '1', 0]],
        [['lease', QUEUE, 'lost', lost.token]],
      )
      expect(late).toMatchObject({ applied: false, refusedBy: 0 })
      expect(await at.get('done')).toBeNull()
      expect(await at.store.extend([lost, again!], 30_000)).toEqual([false, true])
      expect(await giveBack(again!)).toMatchObject({ applied: true })
    })

    it('a lease is stale once the job waits again', async () => {
      const lost = await taken()
      at.clock.advance(30_001)
      await reap()
      expect(await giveBack(lost)).toMatchObject({ applied: false })
      expect(await at.store.extend([lost], 30_000)).toEqual([false])
    })

    it('extend keeps a lease from being reaped', async () => {
      const kept = await taken('kept')
      const lost = await taken('lost')
      at.clock.advance(20_000)
      expect(await at.store.extend([kept], 30_000)).toEqual([true])
      at.clock.advance(20_000)
      expect(await reap()).toEqual({ requeued: ['lost'], failed: [] })
      expect(await at.store.extend([kept, lost], 30_000)).toEqual([true, false])
      expect(await at.store.extend([], 30_000)).toEqual([])
    })

    it('the failed list keeps the newest 10 000', async () => {
      const failed = queueKeys.failed(QUEUE)
      const ids = Array.from({ length: 10_000 }, (_, n) => ['push', failed, `old-${n}`, 0] as const)
      await at.write(...ids)
      await taken('poison', 10_000)
      at.clock.advance(10_001)
      expect(await reap(1)).toEqual({ requeued: [], failed: ['poison'] })
      expect(await at.store.length(at.partition, failed)).toBe(10_000)
      expect(await at.store.list(at.partition, failed, 0, 0)).toEqual(['poison'])
      expect(await at.store.list(at.partition, failed, -1, -1)).toEqual(['old-1'])
    })

    it('what killed its workers too often goes to the failed list and keeps its record', async () => {
      await at.write(at.enqueue(QUEUE, 'poison', 'high'))
      for (const takes of [1, 2]) {
        expect((await at.take(QUEUE))[0]).toMatchObject({ jobId: 'poison', takes })
        at.clock.advance(30_001)
        expect(await reap()).toEqual({ requeued: ['poison'], failed: [] })
      }
      expect((await at.take(QUEUE))[0]).toMatchObject({ takes: 3 })
      at.clock.advance(30_001)
      expect(await reap()).toEqual({ requeued: [], failed: ['poison'] })
      expect(await at.take(QUEUE)).toEqual([])
      expect(await at.list(queueKeys.failed(QUEUE))).toEqual(['poison'])
      expect(await at.get(queueKeys.job(QUEUE, 'poison'))).toContain('poison')
      expect(await at.commit([], [['withdraw', QUEUE, 'poison']])).toMatchObject({ applied: false })
    })

    it('a job that was lost before comes alone, before and after others', async () => {
      const many = ['a', 'b', 'c', 'd'].map((id) => at.enqueue(QUEUE, id, 'high'))
      await at.write(...many)
      await at.take(QUEUE, 2)
      at.clock.advance(30_001)
      expect((await reap()).requeued).toHaveLength(2)
      const taken = [await at.take(QUEUE, 10), await at.take(QUEUE, 10), await at.take(QUEUE, 10)]
      expect(taken.map((leases) => leases.map(({ jobId, takes }) => `${jobId}${takes}`))).toEqual([
        ['a2'],
        ['b2'],
        ['c1', 'd1'],
      ])
    })

    it('a job that was lost before is left where it was by those that come before it', async () => {
      await at.write(at.enqueue(QUEUE, 'lost', 'normal'), at.enqueue(QUEUE, 'second', 'normal'))
      await at.take(QUEUE, 1)
      at.clock.advance(30_001)
      await reap()
      await at.write(at.enqueue(QUEUE, 'urgent', 'critical'), at.enqueue(QUEUE, 'third', 'normal'))
      const ids = async () => (await at.take(QUEUE, 10)).map(({ jobId }) => jobId)
      expect([await ids(), await ids(), await ids()]).toEqual([
        ['urgent'],
        ['lost'],
        ['second', 'third'],
      ])
    })

    it('a failed job that is put in again starts over', async () => {
      await at.write(at.enqueue(QUEUE, 'poison'))
      await at.take(QUEUE)
      at.clock.advance(30_001)
      expect((await reap(1)).failed).toEqual(['poison'])
      await at.write(['pull', queueKeys.failed(QUEUE), 'poison'], at.enqueue(QUEUE, 'poison'))
      expect((await at.take(QUEUE))[0]).toMatchObject({ jobId: 'poison', takes: 1 })
    })

    it('a job that was lost and then given back starts over', async () => {
      await taken()
      at.clock.advance(30_001)
      await reap()
      const [second] = await at.take(QUEUE)
      const again = at.enqueue(QUEUE, 'j1', 'high')
      await at.commit([again], [['lease', QUEUE, 'j1', second!.token]])
      expect((await at.take(QUEUE))[0]).toMatchObject({ jobId: 'j1', takes: 1 })
    })

    it('one of many that give the same lease back succeeds', async () => {
      const lease = await taken()
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => giveBack(lease)))
      expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1)
    })

    it('withdrawing and taking at once: exactly one of them gets the job', async () => {
      for (let n = 0; n < 20; n++) {
        await at.write(at.enqueue(QUEUE, `j${n}`))
        const [outcome, leases] = await Promise.all([
          at.commit([], [['withdraw', QUEUE, `j${n}`]]),
          at.take(QUEUE),
        ])
        expect(outcome.applied ? 1 : 0).toBe(1 - leases.length)
      }
    })
  })
}
