import { startRedis, type TestServer } from '../tests/support/servers.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'
import type { ServicesCommand, Took } from './support/services-command.ts'

const FEW = 10_000

/**
 * Milliseconds for a thousand messages to users chosen at random, in a directory
 * of ten thousand and in one of a million, over both stores.
 */
export const users: Question = {
  name: 'users',
  asks: 'Does a message cost more where there are many users?',
  needs: ['redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const many = quick ? 100_000 : 1_000_000
  const servers: TestServer[] = []
  const redis = async () => {
    const server = await startRedis({ args: ['--auto-aof-rewrite-percentage', '0'] })
    servers.push(server)
    return server.url
  }
  try {
    return [
      await over('SQLite', async () => 'sqlite', { many, quick }),
      await over('Redis', redis, { many, quick }),
    ]
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function over(
  name: string,
  place: () => Promise<string>,
  { many, quick }: { readonly many: number; readonly quick: boolean },
): Promise<Finding> {
  const count = quick ? 5_000 : 10_000
  const { child: small } = await Child.start('peers/own-services.ts', [await place()])
  const { child: large } = await Child.start('peers/own-services.ts', [await place()])
  const cost = async (child: Child, command: ServicesCommand) => {
    const { ms } = await child.ask<Took>(command)
    return (ms * 1000) / count
  }
  const some = (among: number): ServicesCommand => ({ do: 'some', users: among, count })
  try {
    await small.ask({ do: 'fill', from: 0, to: FEW })
    await large.ask({ do: 'fill', from: 0, to: many })
    for (const [child, among] of [
      [small, FEW],
      [large, many],
    ] as const) {
      // Not the first messages: inboxes, caches and code are as they are in use.
      for (let n = 0; n < 3; n++) await cost(child, some(among))
    }
    const figures = await interleave(quick ? 7 : 11, {
      small: () => cost(small, some(FEW)),
      large: () => cost(large, some(many)),
    })
    return compare(
      {
        what: `a message among ${many} users, ${name}`,
        unit: 'ms per 1 000',
        against: `the same among ${FEW}`,
        must: ['<=', 1.1],
      },
      figures.large,
      figures.small,
    )
  } finally {
    await Promise.all([small.stop(), large.stop()])
  }
}
