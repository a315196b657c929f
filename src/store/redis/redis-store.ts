import { Batcher } from '../../support/batcher.ts'
import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import { PROBE } from '../keys.ts'
import type {
  Allowance,
  Lease,
  Outcome,
  Page,
  SlotClaim,
  Store,
  StoredKey,
  Write,
} from '../store.ts'
import { checkDurability } from './durability.ts'
import { decodeOutcome, type EncodedWrite, encodeWrite } from './encode-write.ts'
import { FleetSlots } from './fleet-slots.ts'
import { listKeys } from './key-listing.ts'
import { Layout } from './layout.ts'
import { describeRedis, type RedisConfig } from './redis-config.ts'
import { defineScript, RedisConnection } from './redis-connection.ts'
import { writeFailure } from './redis-failure.ts'
import { RedisQueues } from './redis-queues.ts'
import { RedisReader } from './redis-reader.ts'
import { commitScript } from './scripts/commit.lua.ts'
import { acknowledgeScript, sweepScript } from './scripts/records.lua.ts'
import { SlidingWindows } from './sliding-windows.ts'
import { StoreTime } from './store-time.ts'

const COMMIT = defineScript(commitScript)
const ACKNOWLEDGE = defineScript(acknowledgeScript)
const SWEEP = defineScript(sweepScript)

const BATCH = { size: 64, inFlight: 2 }
const SWEEP_MS = 30_000
const SWEEP_LIMIT = 200

export interface RedisStoreOptions {
  readonly log: Logger
  /** For tests: a clock that leases and windows go by too. Without it they go by the server's. */
  readonly clock?: Clock
  /** How long to wait for the first connection. Default: 10 000. */
  readonly deadlineMs?: number
  /** How long to wait for a reply. Default: 5 000. */
  readonly commandTimeoutMs?: number
}

/**
 * The store on Redis: a single server, a master behind Sentinel, or a Cluster.
 * Writes that arrive together are one script call per partition (group commit).
 */
export class RedisStore implements Store {
  readonly description: string
  readonly partitions: number
  readonly scrub = async () => undefined
  readonly #redis: RedisConnection
  readonly #layout: Layout
  readonly #time: StoreTime
  readonly #log: Logger
  readonly #reader: RedisReader
  readonly #queues: RedisQueues
  readonly #windows: SlidingWindows
  readonly #slots: FleetSlots
  readonly #commits: readonly Batcher<EncodedWrite, unknown>[]
  readonly #stopSweeping: () => void

  constructor(redis: RedisConnection, config: RedisConfig, { log, clock }: RedisStoreOptions) {
    this.description = describeRedis(config)
    this.partitions = config.partitions
    this.#redis = redis
    this.#log = log
    const layout = new Layout(config)
    const time = new StoreTime(clock)
    this.#layout = layout
    this.#time = time
    this.#reader = new RedisReader(redis, layout, time)
    this.#queues = new RedisQueues(redis, layout, time)
    this.#windows = new SlidingWindows(redis, layout, time)
    this.#slots = new FleetSlots(redis, layout, time)
    this.#commits = Array.from({ length: config.partitions }, (_, partition) => {
      return new Batcher((writes) => this.#run(partition, writes), BATCH)
    })
    this.#stopSweeping = time.clock.every(SWEEP_MS, () => void this.#sweepQuietly())
  }

  /** Connects; rejects with `Unavailable` when Redis cannot be reached in time. */
  static async connect(config: RedisConfig, options: RedisStoreOptions): Promise<RedisStore> {
    const redis = await RedisConnection.open(config, { ...options, name: 'belfry-store' })
    return new RedisStore(redis, config, options)
  }

  async commit(write: Write): Promise<Outcome> {
    const commits = this.#commits[write.partition]
    if (!commits) throw new RangeError(`there is no partition ${write.partition}`)
    const start = this.#layout.start(write.partition)
    const encoded = encodeWrite(write, { start, now: this.#time.now() })
    const outcome = decodeOutcome(await commits.add(encoded))
    if ('failure' in outcome) throw writeFailure(outcome.failure)
    return outcome
  }

  get(partition: number, key: string): Promise<string | null> {
    return this.#reader.get(partition, key)
  }

  getMany(partition: number, keys: readonly string[]): Promise<(string | null)[]> {
    return this.#reader.getMany(partition, keys)
  }

  list(partition: number, key: string, start: number, stop: number): Promise<string[]> {
    return this.#reader.list(partition, key, start, stop)
  }

  length(partition: number, key: string): Promise<number> {
    return this.#reader.length(partition, key)
  }

  members(partition: number, key: string): Promise<string[]> {
    return this.#reader.members(partition, key)
  }

  isMember(partition: number, key: string, member: string): Promise<boolean> {
    return this.#reader.isMember(partition, key, member)
  }

  count(partition: number, key: string): Promise<number> {
    return this.#reader.count(partition, key)
  }

  countMany(partition: number, keys: readonly string[]): Promise<number[]> {
    return this.#reader.countMany(partition, keys)
  }

  scan(partition: number, key: string, cursor: string | null, limit: number): Promise<Page> {
    return this.#reader.scan(partition, key, cursor, limit)
  }

  rangeByName(partition: number, key: string, after: string, limit: number): Promise<string[]> {
    return this.#reader.rangeByName(partition, key, after, limit)
  }

  rangeByScore(
    ...range: Parameters<Store['rangeByScore']>
  ): Promise<{ member: string; score: number }[]> {
    return this.#reader.rangeByScore(...range)
  }

  unreadCount(partition: number, scope: string, user: string): Promise<number> {
    return this.#reader.unreadCount(partition, scope, user)
  }

  take(partition: number, queue: string, limit: number, leaseMs: number): Promise<Lease[]> {
    return this.#queues.take(partition, queue, limit, leaseMs)
  }

  extend(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    return this.#queues.extend(leases, leaseMs)
  }

  reap(...args: Parameters<Store['reap']>): ReturnType<Store['reap']> {
    return this.#queues.reap(...args)
  }

  depth(...args: Parameters<Store['depth']>): ReturnType<Store['depth']> {
    return this.#queues.depth(...args)
  }

  async drain(partition: number, key: string, max: number): Promise<string[]> {
    if (max <= 0) return []
    const name = this.#layout.start(partition) + key
    return ((await this.#redis.call('rpop', name, max)) as string[] | null) ?? []
  }

  async acknowledge(partition: number, key: string, upTo: number): Promise<number> {
    const start = this.#layout.start(partition)
    return (await this.#redis.run(ACKNOWLEDGE, start, [key, upTo])) as number
  }

  hit(...call: Parameters<Store['hit']>): Promise<Allowance> {
    return this.#windows.hit(...call)
  }

  claimSlot(name: string, holder: string, leaseMs: number): Promise<SlotClaim> {
    return this.#slots.claim(name, holder, leaseMs)
  }

  keepSlot(name: string, slot: number, holder: string, leaseMs: number): Promise<boolean> {
    return this.#slots.keep(name, slot, holder, leaseMs)
  }

  claimAbandonedSlot(
    ...args: Parameters<Store['claimAbandonedSlot']>
  ): ReturnType<Store['claimAbandonedSlot']> {
    return this.#slots.claimAbandoned(...args)
  }

  releaseSlot(name: string, slot: number, holder: string, vacate: boolean): Promise<void> {
    return this.#slots.release(name, slot, holder, vacate)
  }

  async ping(): Promise<number> {
    const startedAt = performance.now()
    const { key, ttlMs } = PROBE
    const probe = (start: string) => this.#redis.call('set', start + key, 1, 'PX', ttlMs)
    await Promise.all(this.#layoutStarts().map(probe))
    return performance.now() - startedAt
  }

  /** What of the server's configuration endangers what is stored, in sentences; empty: nothing. */
  checkDurability(): Promise<string[]> {
    return checkDurability(this.#redis)
  }

  keys(match = '*'): AsyncIterable<StoredKey> {
    return listKeys(this.#redis, this.#layout, match)
  }

  /** Corrects the stored unread counts of users of whom something has expired; answers how many. */
  async sweep(): Promise<number> {
    let swept = 0
    for (const start of this.#layoutStarts()) {
      for (let found = SWEEP_LIMIT; found === SWEEP_LIMIT; swept += found) {
        found = (await this.#redis.run(SWEEP, start, [this.#time.now(), SWEEP_LIMIT])) as number
      }
    }
    return swept
  }

  async close(): Promise<void> {
    this.#stopSweeping()
    await this.#redis.close()
  }

  #layoutStarts(): string[] {
    return Array.from({ length: this.partitions }, (_, partition) => this.#layout.start(partition))
  }

  async #run(partition: number, writes: readonly EncodedWrite[]): Promise<unknown[]> {
    const start = this.#layout.start(partition)
    return (await this.#redis.run(COMMIT, start, [this.#time.now()], ...writes)) as unknown[]
  }

  async #sweepQuietly(): Promise<void> {
    try {
      await this.sweep()
    } catch (error) {
      this.#log.debug({ err: error }, 'unread counts were not swept; the next time will do')
    }
  }
}
