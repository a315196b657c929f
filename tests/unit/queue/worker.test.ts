import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Worker, type WorkerOptions } from '../../../src/queue/worker.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Lease, Write } from '../../../src/store/store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitFor } from '../../support/wait-for.ts'

const QUEUE = 'work_queue'

describe('a worker', () => {
  const clock = new FakeClock()
  let store: SqliteStore
  let worker: Worker
  const started: string[] = []
  const inHand = new Map<string, () => void>()

  beforeEach(() => {
    store = openSqliteStore({ path: ':memory:', clock, log })
    started.length = 0
    inHand.clear()
  })
  afterEach(async () => {
    for (const finish of inHand.values()) finish()
    await worker.stop(1_000)
    await store.close()
  })

  async function enqueue(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const text = JSON.stringify({ priority: 'normal' })
      const ops = [['enqueue', QUEUE, id, text, 'normal', 0, 0] as const]
      await store.commit({ partition: 0, ops })
    }
  }

  const manually: WorkerOptions['handler'] = async ({ jobId }) => {
    started.push(jobId)
    await new Promise<void>((resolve) => inHand.set(jobId, resolve))
    inHand.delete(jobId)
    return { ops: [] }
  }

  function work(options: Partial<WorkerOptions> = {}): Worker {
    worker = new Worker({
      ...{ queue: QUEUE, store, bus: new MemoryBus(), clock, log, concurrency: 8 },
      ...{ handler: manually, ...options },
    })
    return worker
  }

  it('takes ahead when jobs are short, and never works on more than it may', async () => {
    await enqueue(...Array.from({ length: 30 }, (_, n) => `job-${n}`))
    await work().start()
    await waitFor(() => started.length === 8)
    expect(worker.inFlight).toBe(8)
    for (const finish of [...inHand.values()]) finish()
    await waitFor(() => started.length === 16 && worker.inFlight === 10)
    expect(inHand.size).toBe(8)
    expect((await store.depth(0, QUEUE)).leased).toBe(10)
  })

  it('keeps the leases of what waits in hand, and drops what it has lost', async () => {
    await enqueue(...Array.from({ length: 18 }, (_, n) => `job-${n}`))
    await work().start()
    await waitFor(() => started.length === 8)
    for (const finish of [...inHand.values()]) finish()
    await waitFor(() => worker.inFlight === 10 && started.length === 16)
    const asked: (readonly Lease[])[] = []
    const extend = store.extend.bind(store)
    store.extend = (leases, leaseMs) => {
      asked.push(leases)
      return extend(leases, leaseMs)
    }
    clock.advance(10_000)
    await waitFor(() => asked.length === 1)
    expect(asked[0]!.map(({ jobId }) => jobId)).toContain('job-17')
    store.extend = async (leases) => leases.map(({ jobId }) => jobId !== 'job-17')
    clock.advance(10_000)
    await waitFor(() => worker.inFlight === 9)
    for (const finish of [...inHand.values()]) finish()
    await waitFor(() => started.length === 17)
    expect(started).not.toContain('job-17')
  })

  it('begins what waits in hand when it is told to stop, and ends with nothing in hand', async () => {
    await enqueue(...Array.from({ length: 20 }, (_, n) => `job-${n}`))
    await work().start()
    await waitFor(() => started.length === 8)
    for (const finish of [...inHand.values()]) finish()
    await waitFor(() => worker.inFlight === 10 && started.length === 16)
    const stopped = worker.stop(5_000)
    const finishing = setInterval(() => {
      for (const finish of [...inHand.values()]) finish()
    }, 5)
    await stopped
    clearInterval(finishing)
    expect(worker.inFlight).toBe(0)
    const { leased, ready } = await store.depth(0, QUEUE)
    expect([leased, ready.normal]).toEqual([0, 2])
  })

  it('settles together what ends within a moment, and at once what ends alone', async () => {
    const ids = Array.from({ length: 8 }, (_, n) => `job-${n}`)
    await enqueue(...ids)
    await work().start()
    await waitFor(() => started.length === 8)
    const turns: string[][] = []
    const commit = store.commit.bind(store)
    let isNew = true
    store.commit = (write: Write) => {
      if (isNew) setImmediate(() => (isNew = true))
      if (isNew) turns.push([])
      isNew = false
      turns.at(-1)!.push(String(write.guards?.[0]?.[2]))
      return commit(write)
    }
    inHand.get('job-0')!()
    await waitFor(() => worker.inFlight === 7)
    for (const id of ids.slice(1, 4)) inHand.get(id)!()
    await new Promise((resolve) => setImmediate(resolve))
    for (const id of ids.slice(4)) inHand.get(id)!()
    await waitFor(() => worker.inFlight === 0)
    expect(turns).toEqual([['job-0'], ids.slice(1)])
  })
})
