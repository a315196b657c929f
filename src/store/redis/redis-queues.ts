import { queueKeys } from '../keys.ts'
import type { Lease, QueueDepth } from '../store.ts'
import type { Layout } from './layout.ts'
import { defineScript, type RedisConnection } from './redis-connection.ts'
import { secondsToMs } from './scores.ts'
import { depthScript, extendScript, reapScript, takeScript } from './scripts/queue.lua.ts'
import type { StoreTime } from './store-time.ts'

const TAKE = defineScript(takeScript)
const EXTEND = defineScript(extendScript)
const REAP = defineScript(reapScript)
const DEPTH = defineScript(depthScript)

/** A script's stack has room for some thousand arguments. */
const MOST_AT_ONCE = 1_000

/** Taking, keeping and reaping jobs; each call is one script. */
export class RedisQueues {
  readonly #redis: RedisConnection
  readonly #layout: Layout
  readonly #time: StoreTime

  constructor(redis: RedisConnection, layout: Layout, time: StoreTime) {
    this.#redis = redis
    this.#layout = layout
    this.#time = time
  }

  async take(partition: number, queue: string, limit: number, leaseMs: number): Promise<Lease[]> {
    if (limit <= 0) return []
    const args = [
      queue,
      queueKeys.job(queue, ''),
      Math.min(limit, MOST_AT_ONCE),
      leaseMs,
      this.#time.now(),
    ]
    const start = this.#layout.start(partition)
    const reply = (await this.#redis.run(TAKE, start, [...args, this.#time.leaseNow()])) as (
      | string
      | number
    )[]
    const expiresAt = reply[0] as number
    const leases: Lease[] = []
    for (let n = 1; n < reply.length; n += 4) {
      const [jobId, token, takes, job] = reply.slice(n, n + 4) as [string, number, number, string]
      leases.push({ queue, partition, jobId, token, takes, job, expiresAt })
    }
    return leases
  }

  async extend(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    const kept = new Map<Lease, boolean>()
    const groups = Map.groupBy(leases, ({ partition, queue }) => `${partition} ${queue}`)
    await Promise.all(
      [...groups.values()].map(async (group) => {
        const { partition, queue } = group[0]!
        const held = group.flatMap(({ jobId, token }) => [jobId, token])
        const args = [queue, this.#time.leaseNow(), leaseMs, ...held]
        const start = this.#layout.start(partition)
        const reply = (await this.#redis.run(EXTEND, start, args)) as number[]
        for (const [n, lease] of group.entries()) kept.set(lease, reply[n] === 1)
      }),
    )
    return leases.map((lease) => kept.get(lease) === true)
  }

  async reap(
    partition: number,
    queue: string,
    maxTakes: number,
  ): Promise<{ requeued: string[]; failed: string[] }> {
    const args = [queue, queueKeys.job(queue, ''), this.#time.leaseNow(), maxTakes]
    const reply = await this.#redis.run(REAP, this.#layout.start(partition), args)
    const [requeued, failed] = reply as [string[], string[]]
    return { requeued, failed }
  }

  async depth(partition: number, queue: string): Promise<QueueDepth> {
    const reply = await this.#redis.run(DEPTH, this.#layout.start(partition), [queue])
    const [critical, high, normal, low, scheduled, leased, failed, due] = reply as [
      ...[number, number, number, number, number, number, number],
      string | null,
    ]
    const ready = { critical, high, normal, low }
    const nextDueAt = due === null ? null : secondsToMs(Number(due))
    return { ready, scheduled, leased, failed, nextDueAt }
  }
}
