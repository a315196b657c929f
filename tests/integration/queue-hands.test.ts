import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Worker, type WorkerOptions } from '../../src/queue/worker.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { Unavailable } from '../../src/support/errors.ts'
import { silentLog as log } from '../support/delivery.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { emptyRedis, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const QUEUE = 'work_queue'

let redis: TestServer | null = null
beforeAll(async () => {
  if (requireServer('redis-server')) redis = await startRedis()
})
afterAll(() => redis?.stop())

async function put(store: Store, id: string, partition = 0, priority = 'normal'): Promise<void> {
  const text = JSON.stringify({ id, priority })
  const ops = [['enqueue', QUEUE, id, text, priority as 'normal', 0, 60_000] as const]
  await store.commit({ partition, ops })
}

describe.skipIf(!requireServer('redis-server'))('a worker over several partitions', () => {
  it('does not leave one partition waiting until another is empty', async () => {
    await emptyRedis([redis!.port])
    const config = singleConfig(redis!.port, { partitions: 4 })
    const store = await RedisStore.connect(config, { log })
    for (let n = 0; n < 300; n++) await put(store, `mail-${n}`, 0)
    const done: string[] = []
    const worker = new Worker({
      ...{ queue: QUEUE, store, bus: new MemoryBus(), clock: new FakeClock(), log },
      concurrency: 4,
      handler: async ({ jobId }) => {
        done.push(jobId)
        if (done.length === 20) await put(store, 'alert', 3, 'critical')
        return { ops: [] }
      },
    })
    await worker.start()
    await waitFor(() => done.length === 301)
    await worker.stop(1_000)
    await store.close()
    expect(done.indexOf('alert')).toBeLessThan(100)
  })
})

describe.skipIf(!requireServer('redis-server'))('a worker while one partition is away', () => {
  it('works on the others, and puts back what was lost there', async () => {
    await emptyRedis([redis!.port])
    const clock = new FakeClock()
    const config = singleConfig(redis!.port, { partitions: 4 })
    const store = await RedisStore.connect(config, { log, clock })
    for (let n = 0; n < 12; n++) await put(store, `mail-${n}`, n % 4)
    // Somebody took these and died.
    for (const partition of [1, 3]) await store.take(partition, QUEUE, 1, 30_000)
    clock.advance(31_000)
    const [take, reap] = [store.take.bind(store), store.reap.bind(store)]
    const away = () => Promise.reject(new Unavailable('That partition is away.'))
    store.take = (partition, ...rest) => (partition === 0 ? away() : take(partition, ...rest))
    store.reap = (partition, ...rest) => (partition === 0 ? away() : reap(partition, ...rest))
    const done: string[] = []
    const worker = new Worker({
      ...{ queue: QUEUE, store, bus: new MemoryBus(), clock, log, concurrency: 4 },
      handler: async ({ jobId }) => {
        done.push(jobId)
        return { ops: [] }
      },
    })
    await worker.start()
    await waitFor(() => {
      clock.advance(2_500)
      return done.length === 9
    })
    await worker.stop(1_000)
    await store.close()
  })
})

describe.each(['embedded', 'redis'])('a worker over the %s store', (kind) => {
  const clock = new FakeClock()
  let store: Store
  let worker: Worker
  beforeEach(async (context) => {
    if (kind === 'embedded') store = openSqliteStore({ path: ':memory:', clock, log })
    else if (redis === null) context.skip()
    else {
      await emptyRedis([redis.port])
      store = await RedisStore.connect(singleConfig(redis.port), { log, clock })
    }
  })
  afterEach(async () => {
    await worker?.stop(1_000)
    await store?.close()
  })

  function work(handler: WorkerOptions['handler'], concurrency = 8): Promise<void> {
    worker = new Worker({
      ...{ queue: QUEUE, store, bus: new MemoryBus(), clock, log, concurrency, handler },
    })
    return worker.start()
  }

  it('tries a job again, however often, while a part of the store is away', async () => {
    let tries = 0
    await put(store, 'a')
    await work(async () => {
      tries += 1
      if (tries < 12) throw new Unavailable('That partition is away.')
      return { ops: [] }
    })
    await waitFor(() => {
      clock.advance(5_000)
      return tries === 12
    })
    await waitFor(async () => (await store.depth(0, QUEUE)).leased === 0)
    expect(await store.depth(0, QUEUE)).toMatchObject({ failed: 0, scheduled: 0 })
    expect(await store.get(0, 'work_job:a')).toBeNull()
  })

  it('goes on with what the job has become when it is tried again', async () => {
    const seen: string[] = []
    await put(store, 'a')
    await work(async ({ job, partition }) => {
      seen.push(job)
      if (seen.length > 1) return { ops: [] }
      const further = '{"id":"a","priority":"normal","cursor":7}'
      await store.commit({ partition, ops: [['set', 'work_job:a', further, 60_000]] })
      throw new Unavailable('That partition is away.')
    })
    await waitFor(() => {
      clock.advance(5_000)
      return seen.length === 2
    })
    expect(seen[1]).toContain('"cursor":7')
  })

  it('hands back what it has not begun or not ended when it stops', async () => {
    for (const id of ['a', 'b', 'c']) await put(store, id)
    let begun = 0
    const until = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    await work(async (_lease, signal) => {
      begun += 1
      return until(signal)
    })
    await waitFor(() => begun === 3)
    await worker.stop(50)
    const depth = await store.depth(0, QUEUE)
    expect([depth.leased, depth.ready.normal]).toEqual([0, 3])
    const [first] = await store.take(0, QUEUE, 1, 30_000)
    expect(first).toMatchObject({ takes: 1 })
  })
})
