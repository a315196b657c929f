import { startRedis } from '../tests/support/servers.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'
import type { ServicesCommand, Took } from './support/services-command.ts'

/**
 * One message to everybody, until the record of the last is stored and his e-mail
 * queued, against as many single sends (500 in flight): recipients per second, in
 * process, over both stores.
 */
export const broadcast: Question = {
  name: 'broadcast',
  asks: 'What does sending to everybody save?',
  needs: ['redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const users = quick ? 20_000 : 100_000
  const rounds = quick ? 2 : 3
  const redis = await startRedis({ args: ['--auto-aof-rewrite-percentage', '0'] })
  try {
    return [
      await over('SQLite', 'sqlite', { users, rounds }),
      await over('Redis', redis.url, { users, rounds }),
    ]
  } finally {
    await redis.stop()
  }
}

async function over(
  name: string,
  where: string,
  { users, rounds }: { readonly users: number; readonly rounds: number },
): Promise<Finding> {
  const { child } = await Child.start('peers/own-services.ts', [where])
  const rate = async (command: ServicesCommand) => {
    const { ms } = await child.ask<Took>(command)
    return (users * 1000) / ms
  }
  try {
    await rate({ do: 'fill', from: 0, to: users })
    await rate({ do: 'singles', users: users / 10 })
    const figures = await interleave(rounds, {
      singles: () => rate({ do: 'singles', users }),
      broadcast: () => rate({ do: 'broadcast' }),
    })
    return compare(
      {
        what: `broadcast to ${users} users, ${name}`,
        unit: 'recipients/s',
        against: 'single sends',
        must: ['>=', 3],
      },
      figures.broadcast,
      figures.singles,
    )
  } finally {
    await child.stop()
  }
}
