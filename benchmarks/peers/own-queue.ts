/**
 * Our own queue on Redis: jobs that do nothing, concurrency 50, done ones removed.
 * `node own-queue.ts <redis url>`
 *
 * @module
 */

import { Worker } from '../../src/queue/worker.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { uuidv7 } from '../../src/support/ids.ts'
import { createLogger } from '../../src/support/logger.ts'
import { singleConfig } from '../../tests/support/redis-configs.ts'
import { answerParent } from '../support/child.ts'
import { inFlight, jobOf, type QueueCommand, whenSo } from '../support/queue-command.ts'

const [url = ''] = process.argv.slice(2)
const QUEUE = 'bench_queue'
const WEEK_MS = 7 * 86_400_000
const log = createLogger('warn')
const bus = new MemoryBus()
const store = await RedisStore.connect(singleConfig(Number(new URL(url).port)), { log })

async function add(number: number): Promise<void> {
  const id = uuidv7()
  const job = JSON.stringify({ id, priority: 'normal', ...jobOf(number) })
  await store.commit({
    partition: 0,
    ops: [['enqueue', QUEUE, id, job, 'normal', 0, WEEK_MS]],
  })
  void bus.publish(`queue:${QUEUE}`, '')
}

async function work(): Promise<{ done: () => number; close: () => Promise<void> }> {
  let done = 0
  const worker = new Worker({
    ...{ queue: QUEUE, store, bus, clock, log, concurrency: 50 },
    handler: async () => {
      done += 1
      return { ops: [] }
    },
  })
  await worker.start()
  return {
    done: () => done - worker.inFlight,
    close: () => worker.stop(5_000),
  }
}

answerParent<QueueCommand>({}, async ({ do: what, count }) => {
  if (what === 'drain') await inFlight(1000, count, add)
  const startedAt = performance.now()
  const worker = await work()
  if (what === 'through') await inFlight(100, count, add)
  await whenSo(() => worker.done() >= count)
  const ms = performance.now() - startedAt
  await worker.close()
  return { ms }
})
