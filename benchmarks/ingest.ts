import { Redis } from 'ioredis'
import { startService, startSurroundings } from '../tests/support/service.ts'
import { Child } from './support/child.ts'
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
const TOPIC = 'notifications/realtime/user'

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
  const watch = new Redis(redis.url)
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

  let round = 0
  async function ours(count: number): Promise<number> {
    // New users every time: nothing falls off their inboxes, so that keys can be counted.
    round += 1
    const topic = `${TOPIC}/r${round}-%`
    const before = await primed(topic)
    const startedAt = performance.now()
    await publish(topic, count)
    await until(async () => (await keysMade(watch)) >= before + count)
    return (count * 1000) / (performance.now() - startedAt)
  }

  /** The first message to each user makes the keys that he has for good. */
  async function primed(topic: string): Promise<number> {
    const enough = (await keysMade(watch)) + USERS * 2
    await publish(topic, USERS)
    await until(async () => (await keysMade(watch)) > enough)
    let size = -1
    for (let last = -2; last !== size; ) {
      last = size
      await new Promise((resolve) => setTimeout(resolve, 200))
      size = await keysMade(watch)
    }
    return size
  }

  const count = quick ? 20_000 : 40_000
  const slowly = quick ? 2_000 : 5_000
  try {
    await peer(bare, 'bare', count)
    await ours(count)
    await peer(seed, 'seed', 500)
    const figures = await interleave(quick ? 3 : 5, {
      bare: () => peer(bare, 'bare', count),
      ours: () => ours(count),
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
    watch.disconnect()
    await Promise.all([load, bare, seed].map((child) => child.stop()))
    await service.stop()
    await surroundings.stop()
  }
}

/** How many keys were made and not deleted; those that have ended count too. */
async function keysMade(redis: Redis): Promise<number> {
  const [size, stats] = await Promise.all([redis.dbsize(), redis.info('stats')])
  return size + Number(/expired_keys:(\d+)/.exec(stats)?.[1] ?? 0)
}

/** Waits for a condition with a deadline, looking often: the wait is part of what is measured. */
async function until(reached: () => Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  const endsAt = performance.now() + deadlineMs
  while (!(await reached())) {
    if (performance.now() > endsAt) throw new Error('the messages did not arrive')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
