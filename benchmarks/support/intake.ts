import { Redis } from 'ioredis'
import type { Surroundings } from '../../tests/support/service.ts'
import { Child } from './child.ts'

const USERS = 1000
const TOPIC = 'notifications/realtime/user'

/**
 * Publishes to the services that stand on one Mosquitto and Redis, and says how
 * fast the messages become durable, until the last one is stored.
 */
export class Intake {
  readonly #load: Child
  readonly #redis: Redis
  #round = 0

  private constructor(load: Child, redis: Redis) {
    this.#load = load
    this.#redis = redis
  }

  static async open({ mosquitto, redis }: Surroundings): Promise<Intake> {
    if (mosquitto === null || redis === null) throw new Error('the servers did not start')
    const { child } = await Child.start('load/mqtt-publisher.ts')
    await child.ask({ do: 'connect', port: mosquitto.port })
    return new Intake(child, new Redis(redis.url))
  }

  /** Messages per second. */
  async rate(count: number): Promise<number> {
    // New users every time: nothing falls off their inboxes, so that keys can be counted.
    this.#round += 1
    const topic = `${TOPIC}/r${this.#round}-%`
    const before = await this.#primed(topic)
    const startedAt = performance.now()
    await this.#publish(topic, count)
    await until(async () => (await this.#keysMade()) >= before + count)
    return (count * 1000) / (performance.now() - startedAt)
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
    await this.#load.stop()
  }

  /** The first message to each user makes the keys that he has for good. */
  async #primed(topic: string): Promise<number> {
    const enough = (await this.#keysMade()) + USERS * 2
    await this.#publish(topic, USERS)
    await until(async () => (await this.#keysMade()) > enough)
    let size = -1
    for (let last = -2; last !== size; ) {
      last = size
      await new Promise((resolve) => setTimeout(resolve, 200))
      size = await this.#keysMade()
    }
    return size
  }

  #publish(topic: string, count: number): Promise<unknown> {
    return this.#load.ask({ do: 'publish', topic, count, users: USERS })
  }

  /** How many keys were made and not deleted; those that have ended count too. */
  async #keysMade(): Promise<number> {
    const [size, stats] = await Promise.all([this.#redis.dbsize(), this.#redis.info('stats')])
    return size + Number(/expired_keys:(\d+)/.exec(stats)?.[1] ?? 0)
  }
}

/** Waits for a condition with a deadline, looking often: the wait is part of what is measured. */
async function until(reached: () => Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  const endsAt = performance.now() + deadlineMs
  while (!(await reached())) {
    if (performance.now() > endsAt) throw new Error('the messages did not arrive')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
