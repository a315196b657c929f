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
  readonly aheadMs: number
}

/** The calls of one turn that share a window, in order. */
interface Window {
  readonly key: string
  /** Which of the turn's hits, and how many calls each. */
  readonly members: { readonly index: number; readonly calls: number }[]
  calls: number
}

/** The windows of one turn that have limit, length and moment in common. */
interface LimitGroup {
  readonly limit: number
  readonly windowMs: number
  readonly aheadMs: number
  readonly windows: Map<string, Window>
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

  hit(
    key: string,
    limit: number,
    windowMs: number,
    calls: number,
    aheadMs = 0,
  ): Promise<Allowance> {
    const partition = partitionOf(key, this.#layout.partitions)
    return this.#batchers[partition]!.add({ key, limit, windowMs, calls, aheadMs })
  }

  async #run(partition: number, hits: readonly Hit[]): Promise<Allowance[]> {
    const groups = share(hits)
    const args: (string | number)[] = [this.#time.leaseNow()]
    for (const { limit, windowMs, aheadMs, windows } of groups) {
      args.push(windows.size, limit, windowMs, aheadMs)
      for (const { key, calls } of windows.values()) args.push(key, calls)
    }
    const reply = (await this.#redis.run(HIT, this.#layout.start(partition), args)) as number[]
    const allowances = new Array<Allowance>(hits.length)
    let at = 0
    for (const { windows } of groups) {
      for (const window of windows.values()) {
        const [granted, remaining, resetsAt] = [reply[at]!, reply[at + 1]!, reply[at + 2]!]
        divide(window, { granted, remaining, resetsAt }, allowances)
        at += 3
      }
    }
    return allowances
  }
}

/** First come, first served. */
function divide(
  { members }: Window,
  { granted, remaining, resetsAt }: Allowance,
  allowances: Allowance[],
): void {
  let left = granted
  for (const { index, calls } of members) {
    const share = Math.min(calls, left)
    left -= share
    allowances[index] = { granted: share, remaining: remaining + left, resetsAt }
  }
}

function share(hits: readonly Hit[]): LimitGroup[] {
  const groups: LimitGroup[] = []
  for (const [index, { key, limit, windowMs, calls, aheadMs }] of hits.entries()) {
    let group = groups.find(
      (each) => each.limit === limit && each.windowMs === windowMs && each.aheadMs === aheadMs,
    )
    if (!group) {
      group = { limit, windowMs, aheadMs, windows: new Map() }
      groups.push(group)
    }
    const window = group.windows.get(key)
    if (window) {
      window.members.push({ index, calls })
      window.calls += calls
    } else {
      group.windows.set(key, { key, members: [{ index, calls }], calls })
    }
  }
  return groups
}
