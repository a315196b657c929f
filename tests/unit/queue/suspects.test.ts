import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GivenUp } from '../../../services/deliveries/given-up.ts'
import { QueueAdmin } from '../../../services/deliveries/queue-admin.ts'
import { QueueNames } from '../../../services/deliveries/queue-names.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { Bell } from '../../../src/queue/bell.ts'
import { Worker } from '../../../src/queue/worker.ts'
import { queueKeys } from '../../../src/store/keys.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { DirectBench, PLAIN_MAIL } from '../../support/direct-bench.ts'
import { waitFor } from '../../support/wait-for.ts'

const LEASE_MS = 30_000
const QUEUE = 'email_queue'

describe('jobs whose worker died', () => {
  let bench: DirectBench
  let worker: Worker
  /** Jobs in hand, and how each is finished. */
  const inHand = new Map<string, () => void>()
  const started: string[] = []

  beforeEach(() => {
    bench = new DirectBench()
    inHand.clear()
    started.length = 0
    const { store, clock, keys } = bench
    worker = new Worker({
      ...{ queue: QUEUE, store, bus: new MemoryBus(), clock, log, concurrency: 10, maxTakes: 2 },
      onGivenUp: new GivenUp({ store, keys, clock }).note,
      handler: async ({ jobId }) => {
        started.push(jobId)
        await new Promise<void>((resolve) => inHand.set(jobId, resolve))
        inHand.delete(jobId)
        return { ops: [] }
      },
    })
  })
  afterEach(async () => {
    for (const finish of inHand.values()) finish()
    await worker.stop(1_000)
    await bench.store.close()
  })

  /** Queues mails, in order. */
  async function queue(count: number): Promise<string[]> {
    const ids: string[] = []
    for (let n = 0; n < count; n++) {
      const mail = { ...PLAIN_MAIL, to: [`u${n}@example.com`] }
      ids.push((await bench.service.queueEmail(mail, ownWork)).email_id)
    }
    return ids
  }

  /** Somebody takes `count` jobs and is never heard of again. */
  async function die(count: number): Promise<void> {
    for (let taken = 0; taken < count; ) {
      taken += (await bench.store.take(0, QUEUE, count - taken, LEASE_MS)).length
    }
    bench.clock.advance(LEASE_MS + 1)
  }

  const look = () => worker.takeOnce()
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  it('are worked on one at a time, and nothing else is taken meanwhile', async () => {
    const [first, second, third, fourth] = await queue(4)
    await die(2)
    await worker.reap()
    await waitFor(() => started.length > 0)
    await look()
    await look()
    // Both leases ran out at the same moment: either may be the first.
    expect(started).toHaveLength(1)
    expect([first, second]).toContain(started[0])
    inHand.get(started[0]!)!()
    await waitFor(() => started.length === 2)
    expect(started.toSorted()).toEqual([first, second].toSorted())
    inHand.get(started[1]!)!()
    await waitFor(() => started.length === 4)
    expect(started.slice(2)).toEqual([third, fourth])
  })

  it('hold up the others for a second at most', async () => {
    const [slow, other] = await queue(2)
    await die(1)
    await worker.reap()
    await waitFor(() => started.length > 0)
    bench.clock.advance(999)
    await look()
    await settle()
    expect(started).toEqual([slow])
    bench.clock.advance(1)
    await waitFor(() => started.length === 2)
    expect(started).toEqual([slow, other])
  })

  it('are given up after too many deaths, say so, and can be tried again', async () => {
    const { store, keys, clock } = bench
    const [deadly] = await queue(1)
    const admin = new QueueAdmin({
      store,
      keys,
      clock,
      bell: new Bell({ bus: new MemoryBus(), log }),
      queueNames: new QueueNames({ store, keys, bus: new MemoryBus() }),
    })
    for (let n = 0; n < 2; n++) {
      await die(1)
      if (n === 0) await store.reap(0, QUEUE, 2)
    }
    await worker.reap()
    const job = await admin.delivery(deadly!)
    expect(job).toMatchObject({ status: 'failed', attempts: 0 })
    expect(job.history.at(-1)).toMatchObject({
      outcome: 'failed',
      reason: 'every process that worked on it died',
    })
    expect((await admin.failed('email', 10)).map(({ id }) => id)).toEqual([deadly])
    await admin.retry('email', deadly!)
    await look()
    await waitFor(() => started.length === 1)
    expect(started).toEqual([deadly])
  })

  it('can be tried again although whoever gave them up died before he wrote it down', async () => {
    const { store, keys, clock } = bench
    const [deadly] = await queue(1)
    const admin = new QueueAdmin({
      store,
      keys,
      clock,
      bell: new Bell({ bus: new MemoryBus(), log }),
      queueNames: new QueueNames({ store, keys, bus: new MemoryBus() }),
    })
    await die(1)
    expect((await store.reap(0, QUEUE, 1)).failed).toEqual([deadly])
    await admin.retry('email', deadly!)
    expect(await store.list(0, queueKeys.failed(QUEUE), 0, -1)).toEqual([])
    await look()
    await waitFor(() => started.length === 1)
  })
})
