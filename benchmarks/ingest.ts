import { startService, startSurroundings } from '../tests/support/service.ts'
import { Child } from './support/child.ts'
import { Intake } from './support/intake.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

/** The rate limiter runs, and lets everything through. */
export const UNLIMITED = '100000000/60'
const USERS = 1000

/**
 * Mosquitto → the whole pipeline (route, authentication, rate limit, filter,
 * validation, directory, one atomic write) → durable in Redis, in messages per
 * second, until the last one is stored.
 */
export const ingest: Question = {
  name: 'ingest',
  asks: 'How fast do messages get from Mosquitto into Redis?',
  needs: ['mosquitto', 'redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const surroundings = await startSurroundings('external')
  const { mosquitto, redis } = surroundings
  if (mosquitto === null || redis === null) throw new Error('the servers did not start')
  const service = await startService({
    surroundings,
    env: { RATE_LIMIT: UNLIMITED, REDIS_URL: `${redis.url}/0` },
  })
  const { child: load } = await Child.start('load/mqtt-publisher.ts')
  const { child: bare } = await Child.start('peers/bare-mqtt.ts', [mosquitto.url, 'bare/#'])
  const seedArguments = [mosquitto.url, 'seed/#', `${redis.url}/1`]
  const { child: seed } = await Child.start('peers/seed-shape.ts', seedArguments)
  await load.ask({ do: 'connect', port: mosquitto.port })
  const publish = (topic: string, count: number) =>
    load.ask({ do: 'publish', topic, count, users: USERS })

  async function peer(child: Child, topic: string, count: number): Promise<number> {
    await child.ask({ do: 'expect', count })
    const startedAt = performance.now()
    const done = child.ask({ do: 'wait' })
    await publish(`${topic}/%`, count)
    await done
    return (count * 1000) / (performance.now() - startedAt)
  }

  const intake = await Intake.open(surroundings)
  const count = quick ? 20_000 : 40_000
  const slowly = quick ? 2_000 : 5_000
  try {
    await peer(bare, 'bare', count)
    await intake.rate(count)
    await peer(seed, 'seed', 500)
    const figures = await interleave(quick ? 3 : 5, {
      bare: () => peer(bare, 'bare', count),
      ours: () => intake.rate(count),
      seed: () => peer(seed, 'seed', slowly),
    })
    const what = 'ingest, durable in Redis'
    return [
      compare(
        { what, unit: 'messages/s', against: 'bare mqtt.js subscriber', must: ['>=', 0.6] },
        figures.ours,
        figures.bare,
      ),
      compare(
        { what, unit: 'messages/s', against: 'six awaits a message', must: ['>=', 5] },
        figures.ours,
        figures.seed,
      ),
    ]
  } finally {
    await intake.close()
    await Promise.all([load, bare, seed].map((child) => child.stop()))
    await service.stop()
    await surroundings.stop()
  }
}
