import { startRedis } from '../tests/support/servers.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'
import type { QueueCommand } from './support/queue-command.ts'

/**
 * Jobs per second through a queue on Redis with one worker of concurrency 50:
 * from waiting to completed, and from adding (100 in flight) to completed.
 */
export const queue: Question = {
  name: 'queue',
  asks: 'How fast is the queue?',
  needs: ['redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const [forUs, forBull] = await Promise.all([startRedis(), startRedis()])
  const { child: own } = await Child.start('peers/own-queue.ts', [forUs.url])
  const { child: bull } = await Child.start('peers/bull-queue.ts', [forBull.url])
  const rate = async (child: Child, command: QueueCommand) => {
    const { ms } = await child.ask<{ ms: number }>(command)
    return (command.count * 1000) / ms
  }
  const count = quick ? 10_000 : 20_000
  const drain: QueueCommand = { do: 'drain', count }
  const through: QueueCommand = { do: 'through', count }
  try {
    for (const child of [own, bull])
      for (const command of [drain, through]) await rate(child, command)
    const figures = await interleave(quick ? 3 : 5, {
      bullDrain: () => rate(bull, drain),
      ownDrain: () => rate(own, drain),
      bullThrough: () => rate(bull, through),
      ownThrough: () => rate(own, through),
    })
    const base = { unit: 'jobs/s', against: 'BullMQ, concurrency 50', must: ['>=', 3] } as const
    return [
      compare({ ...base, what: 'queue, claim to complete' }, figures.ownDrain, figures.bullDrain),
      compare({ ...base, what: 'queue, end to end' }, figures.ownThrough, figures.bullThrough),
    ]
  } finally {
    await Promise.all([own, bull].map((child) => child.stop()))
    await Promise.all([forUs, forBull].map((server) => server.stop()))
  }
}
