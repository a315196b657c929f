/**
 * BullMQ on Redis: jobs that do nothing, concurrency 50, done ones removed.
 * `node bull-queue.ts <redis url>`
 *
 * @module
 */

import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { answerParent } from '../support/child.ts'
import type { QueueCommand } from '../support/queue-command.ts'
import { inFlight, jobOf, whenSo } from '../support/queue-command.ts'

const [url = ''] = process.argv.slice(2)
const connect = () => new Redis(url, { maxRetriesPerRequest: null })
const queue = new Queue('bench', {
  connection: connect(),
  defaultJobOptions: { removeOnComplete: true },
})

async function work(): Promise<{ done: () => number; close: () => Promise<void> }> {
  let done = 0
  const worker = new Worker('bench', async () => undefined, {
    connection: connect(),
    concurrency: 50,
  })
  worker.on('completed', () => {
    done += 1
  })
  await worker.waitUntilReady()
  return { done: () => done, close: () => worker.close() }
}

answerParent<QueueCommand>({}, async ({ do: what, count }) => {
  if (what === 'drain') {
    for (let at = 0; at < count; at += 1000) {
      const some = Array.from({ length: Math.min(1000, count - at) }, (_, n) => jobOf(at + n))
      await queue.addBulk(some.map((data) => ({ name: 'job', data })))
    }
  }
  const startedAt = performance.now()
  const worker = await work()
  if (what === 'through') await inFlight(100, count, (n) => queue.add('job', jobOf(n)))
  await whenSo(() => worker.done() >= count)
  const ms = performance.now() - startedAt
  await worker.close()
  return { ms }
})
