import { Batcher } from '../../support/batcher.ts'
import { partitionOf } from '../../support/ids.ts'
import type { Allowance } from '../store.ts'
import type { Layout } from './layout.ts'
import { defineScript, type RedisConnection } from './redis-connection.ts'
import { hitScript } from './scripts/limits.lua.ts'
import type { StoreTime } from './store-time.ts'

const HIT = defineScript(hitScript)

interface Hit {
  readonly key: string
  readonly limit: number
  readonly windowMs: number
  readonly calls: number
}

/** The calls of one turn that share a window, in order. */
interface Shared {
  readonly hit: Hit
  readonly members: { readonly index: number; readonly calls: number }[]
  calls: number
}

/** Rate limits; what asks for the same window in one turn is counted together. */
export class SlidingWindows {
  readonly #redis: RedisConnection
  readonly #layout: Layout
  readonly #time: StoreTime
  readonly #batchers: readonly Batcher<Hit, Allowance>[]

  constructor(redis: RedisConnection, layout: Layout, time: StoreTime) {
    this.#redis = redis
    this.#layout = layout
    this.#time = time
    this.#batchers = Array.from({ length: layout.partitions }, (_, partition) => {
      const run = (hits: readonly Hit[]) => this.#run(partition, hits)
      return new Batcher(run, { size: 256, inFlight: 2 })
    })
  }

  hit(key: string, limit: number, windowMs: number, calls: number): Promise<Allowance> {
    const partition = partitionOf(key, this.#layout.partitions)
    return this.#batchers[partition]!.add({ key, limit, windowMs, calls })
  }

  async #run(partition: number, hits: readonly Hit[]): Promise<Allowance[]> {
    const windows = share(hits)
    const args = windows.flatMap(({ hit, calls }) => [hit.key, hit.limit, hit.windowMs, calls])
    const start = this.#layout.start(partition)
    const reply = (await this.#redis.run(HIT, start, [this.#time.leaseNow(), ...args])) as number[]
    const allowances: Allowance[] = []
    for (const [n, { members }] of windows.entries()) {
      const [granted, remaining, resetsAt] = reply.slice(3 * n) as [number, number, number]
      let left = granted
      for (const { index, calls } of members) {
        const share = Math.min(calls, left)
        left -= share
        allowances[index] = { granted: share, remaining: remaining + left, resetsAt }
      }
    }
    return allowances
  }
}

function share(hits: readonly Hit[]): Shared[] {
  const windows = new Map<string, Shared>()
  for (const [index, hit] of hits.entries()) {
    const name = `${hit.limit} ${hit.windowMs} ${hit.key}`
    const shared = windows.get(name) ?? { hit, members: [], calls: 0 }
    shared.members.push({ index, calls: hit.calls })
    shared.calls += hit.calls
    windows.set(name, shared)
  }
  return [...windows.values()]
}
