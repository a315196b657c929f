import { Batcher } from '../../support/batcher.ts'
import type { Clock } from '../../support/clock.ts'
import { Unavailable } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import { PROBE } from '../keys.ts'
import type {
  Allowance,
  Lease,
  Outcome,
  Page,
  QueueDepth,
  SlotClaim,
  Store,
  StoredKey,
  Write,
} from '../store.ts'
import { failure, GroupCommit } from './group-commit.ts'
import { countOf, openTables, type Tables } from './tables.ts'
import { inboxOfUnread } from './unread.ts'
import type { Hit } from './windows.ts'

const SWEEP_EVERY_MS = 1_000
const SWEEP_AGAIN_MS = 10
const HITS_PER_TRANSACTION = 256

export interface SqliteStoreOptions {
  /** A file that is made when it is not there, or `:memory:`. */
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
}

/** Opens the embedded store; raises `Unavailable` when another process has it. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new SqliteStore(options)
}

/**
 * The store of one process, in one file. Writes of a turn are one transaction, on
 * the disk when they resolve. What only moves work about (takings, limits, slots)
 * survives a crash of the process at once, a loss of power from the next write on.
 */
export class SqliteStore implements Store {
  readonly description: string
  readonly partitions = 1
  readonly #tables: Tables
  readonly #commits: GroupCommit
  readonly #hits: Batcher<Hit, Allowance>
  readonly #log: Logger
  readonly #clock: Clock
  readonly #stopSweeping: () => void
  #isOpen = true

  constructor({ path, clock, log }: SqliteStoreOptions) {
    this.description = path
    this.#log = log
    this.#clock = clock
    const onFailure = (error: Error) =>
      log.warn({ err: error }, 'the store copies its log in the foreground from now on')
    this.#tables = openTables({ path, onFailure }, clock)
    this.#commits = new GroupCommit(this.#tables)
    this.#hits = new Batcher(
      async (hits) => this.#quickly(({ windows }) => hits.map((hit) => windows.hit(hit))),
      { size: HITS_PER_TRANSACTION, inFlight: 1 },
    )
    this.#stopSweeping = clock.every(SWEEP_EVERY_MS, () => this.#sweep())
  }

  async commit(write: Write): Promise<Outcome> {
    this.#requireOpen()
    return this.#commits.add(write)
  }

  async get(_partition: number, key: string): Promise<string | null> {
    return this.#read(({ writes }) => writes.read(key))
  }

  async getMany(_partition: number, keys: readonly string[]): Promise<(string | null)[]> {
    return this.#read(({ writes }) => keys.map((key) => writes.read(key)))
  }

  async list(_partition: number, key: string, start: number, stop: number): Promise<string[]> {
    return this.#read(({ lists }) => lists.range(key, start, stop))
  }

  async length(_partition: number, key: string): Promise<number> {
    return this.#read(({ lists }) => lists.length(key))
  }

  async members(_partition: number, key: string): Promise<string[]> {
    return this.#read(({ sets }) => sets.members(key))
  }

  async isMember(_partition: number, key: string, member: string): Promise<boolean> {
    return this.#read(({ sets }) => sets.has(key, member))
  }

  async count(_partition: number, key: string): Promise<number> {
    return this.#read((tables) => countOf(key, tables))
  }

  async countMany(_partition: number, keys: readonly string[]): Promise<number[]> {
    return this.#read((tables) => keys.map((key) => countOf(key, tables)))
  }

  async scan(_partition: number, key: string, cursor: string | null, limit: number): Promise<Page> {
    return this.#read(({ sets }) => sets.scan(key, cursor, limit))
  }

  async rangeByName(
    _partition: number,
    key: string,
    after: string,
    limit: number,
  ): Promise<string[]> {
    return this.#read(({ zsets }) => zsets.byName(key, after, limit))
  }

  async rangeByScore(
    _partition: number,
    key: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ member: string; score: number }[]> {
    const inbox = inboxOfUnread(key)
    const scored = this.#read(({ unread, zsets }) =>
      inbox === null ? zsets.byScore(key, from, to, limit) : unread.range(inbox, from, to, limit),
    )
    return scored.map(({ member, score }) => ({ member, score }))
  }

  async unreadCount(_partition: number, scope: string, user: string): Promise<number> {
    return this.#read(({ inboxes }) => inboxes.unreadCount(scope, user))
  }

  async take(_partition: number, queue: string, limit: number, leaseMs: number): Promise<Lease[]> {
    return this.#quickly(({ jobs }) => jobs.take(queue, limit, leaseMs))
  }

  async extend(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    return this.#quickly(({ jobs }) => leases.map((lease) => jobs.extend(lease, leaseMs)))
  }

  async reap(
    _partition: number,
    queue: string,
    maxTakes: number,
  ): Promise<{ requeued: string[]; failed: string[] }> {
    return this.#quickly(({ jobs }) => jobs.reap(queue, maxTakes))
  }

  async depth(_partition: number, queue: string): Promise<QueueDepth> {
    return this.#read(({ jobs }) => jobs.depth(queue))
  }

  async drain(_partition: number, key: string, max: number): Promise<string[]> {
    return this.#quickly(({ lists }) => lists.shift(key, max))
  }

  async acknowledge(_partition: number, key: string, upTo: number): Promise<number> {
    return this.#quickly(({ inboxes }) => inboxes.acknowledge(key, upTo))
  }

  hit(
    key: string,
    limit: number,
    windowMs: number,
    calls: number,
    aheadMs = 0,
  ): Promise<Allowance> {
    return this.#hits.add({ key, limit, windowMs, calls, aheadMs })
  }

  async claimSlot(name: string, holder: string, leaseMs: number): Promise<SlotClaim> {
    return this.#quickly(({ slots }) => slots.claim(name, holder, leaseMs))
  }

  async keepSlot(name: string, slot: number, holder: string, leaseMs: number): Promise<boolean> {
    return this.#quickly(({ slots }) => slots.keep(name, slot, holder, leaseMs))
  }

  async claimAbandonedSlot(
    name: string,
    holder: string,
    leaseMs: number,
    graceMs: number,
  ): Promise<number | null> {
    return this.#quickly(({ slots }) => slots.claimAbandoned(name, holder, leaseMs, graceMs))
  }

  async releaseSlot(name: string, slot: number, holder: string, vacate: boolean): Promise<void> {
    this.#quickly(({ slots }) => slots.release(name, slot, holder, vacate))
  }

  async ping(): Promise<number> {
    const startedAt = performance.now()
    await this.commit({ partition: 0, ops: [['set', PROBE.key, '1', PROBE.ttlMs]] })
    return performance.now() - startedAt
  }

  async *keys(match = '*'): AsyncIterable<StoredKey> {
    this.#requireOpen()
    yield* this.#tables.listing.keys(match)
  }

  async scrub(): Promise<void> {
    await this.ping() // What was committed before lies in the tables.
    await this.#tables.scrubber.scrub(this.#log)
  }

  /** Ends what is under way, then lets go of the file. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stopSweeping()
    await this.#commits.settled()
    await this.#tables.connection.close()
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new Unavailable('The embedded store is closed.')
  }

  #read<T>(read: (tables: Tables) => T): T {
    this.#requireOpen()
    try {
      return read(this.#tables)
    } catch (error) {
      throw failure(error)
    } finally {
      this.#tables.keys.trimMemory()
    }
  }

  /** A change that needs not wait for the disk. */
  #quickly<T>(change: (tables: Tables) => T): T {
    return this.#read((tables) => tables.connection.transaction(() => change(tables)))
  }

  #sweep(): void {
    if (!this.#isOpen) return
    try {
      const more = this.#read(({ sweeper }) => sweeper.sweep())
      if (more) this.#clock.after(SWEEP_AGAIN_MS, () => this.#sweep())
    } catch (error) {
      this.#log.warn({ err: error }, 'expired keys could not be purged; trying again')
    }
  }
}
