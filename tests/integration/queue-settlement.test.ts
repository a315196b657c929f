import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Worker } from '../../src/queue/worker.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { silentLog as log } from '../support/delivery.ts'
import { singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../support/servers.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

const JOBS = 20
/** Longer than the test: whatever is done twice was not done twice because a lease ran out. */
const LEASE_MS = 60_000

describe.runIf(requireServer('redis-server'))(
  'settling a job while Redis cannot be reached',
  () => {
    let redis: TestServer
    let line: TcpProxy
    let store: RedisStore
    let worker: Worker
    const handled: string[] = []
    let finish = () => {}

    beforeEach(async () => {
      redis = await startRedis()
      line = await startTcpProxy(redis.port)
      store = await RedisStore.connect(singleConfig(line.port), { log })
      handled.length = 0
      const allowed = new Promise<void>((resolve) => {
        finish = resolve
      })
      worker = new Worker({
        ...{ queue: 'work_queue', store, bus: new MemoryBus(), clock, log },
        ...{ concurrency: JOBS, leaseMs: LEASE_MS, heartbeatMs: LEASE_MS, reapMs: 50, pollMs: 20 },
        handler: async ({ jobId }) => {
          handled.push(jobId)
          await allowed
          return { ops: [['incr', `done:${jobId}`, 1, 0]] }
        },
      })
      for (let n = 0; n < JOBS; n++) {
        const job = JSON.stringify({ priority: 'normal' })
        await store.commit({
          partition: 0,
          ops: [['enqueue', 'work_queue', `job-${n}`, job, 'normal', 0, LEASE_MS]],
        })
      }
      await worker.start()
      await waitFor(() => handled.length === JOBS)
    })

    afterEach(async () => {
      await worker.stop(1_000)
      await store.close()
      await line.stop()
      await redis.stop()
    })

    async function settledOnce(): Promise<void> {
      await waitFor(() => worker.inFlight === 0, { message: 'jobs are still in hand' })
      const { leased, ready } = await store.depth(0, 'work_queue')
      expect({ leased, ready: ready.normal }).toEqual({ leased: 0, ready: 0 })
      const counts = await store.getMany(
        0,
        handled.map((id) => `done:${id}`),
      )
      expect(counts).toEqual(Array.from({ length: JOBS }, () => '1'))
      expect(handled).toHaveLength(JOBS)
    }

    it('waits for the line and does no work twice', async () => {
      line.refuse()
      finish()
      await waitFor(() =>
        store.ping().then(
          () => false,
          () => true,
        ),
      )
      expect(worker.inFlight).toBe(JOBS)
      line.heal()
      await settledOnce()
    })

    it('writes once although the first answer was lost', async () => {
      line.swallowReplies({ existingOnly: true })
      finish()
      const direct = await RedisStore.connect(singleConfig(redis.port), { log })
      await waitFor(async () => (await direct.depth(0, 'work_queue')).leased === 0)
      await direct.close()
      line.heal()
      await settledOnce()
    })
  },
)
