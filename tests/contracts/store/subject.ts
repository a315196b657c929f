import { expect } from 'vitest'
import type { Keys } from '../../../src/store/keys.ts'
import type { Guard, Lease, Op, Outcome, Priority, Store } from '../../../src/store/store.ts'
import type { FakeClock } from '../../support/fake-clock.ts'

/** A fresh, empty store, the clock that it goes by, and how to get rid of both. */
export interface StoreUnderTest {
  readonly store: Store
  readonly clock: FakeClock
  tearDown(): Promise<void>
}

export interface StoreTestOptions {
  /** Key expiry is timed by a server: lifetimes are short and are waited for. */
  readonly realTime?: boolean
}

/** What the sections of the suite share: the store of the running test and short ways to use it. */
export class Subject {
  readonly realTime: boolean
  /** A lifetime that {@link expired} can sit out. */
  readonly shortMs: number
  readonly hourMs = 3_600_000
  keys!: Keys
  #under!: StoreUnderTest

  constructor(options: StoreTestOptions) {
    this.realTime = options.realTime ?? false
    this.shortMs = this.realTime ? 40 : 60_000
  }

  start(under: StoreUnderTest, keys: Keys): void {
    this.#under = under
    this.keys = keys
  }

  stop(): Promise<void> {
    return this.#under.tearDown()
  }

  get store(): Store {
    return this.#under.store
  }

  get clock(): FakeClock {
    return this.#under.clock
  }

  /** The partition that the tests use: the last, so that a forgotten one shows. */
  get partition(): number {
    return this.store.partitions - 1
  }

  commit(ops: readonly Op[], guards: readonly Guard[] = []): Promise<Outcome> {
    return this.store.commit({ partition: this.partition, guards, ops })
  }

  /** Commits what has to be applied and answers with the results. */
  async write(...ops: readonly Op[]): Promise<readonly number[]> {
    const outcome = await this.commit(ops)
    if (!outcome.applied) throw new Error(`guard ${outcome.refusedBy} refused`)
    return outcome.results
  }

  get(key: string): Promise<string | null> {
    return this.store.get(this.partition, key)
  }

  list(key: string): Promise<string[]> {
    return this.store.list(this.partition, key, 0, -1)
  }

  async members(key: string): Promise<string[]> {
    return (await this.store.members(this.partition, key)).sort()
  }

  unread(user: string, scope = ''): Promise<number> {
    return this.store.unreadCount(this.partition, scope, user)
  }

  /** Enqueues a job the way a service does: JSON that holds its priority. */
  enqueue(queue: string, id: string, priority: Priority = 'normal', availableAt = 0): Op {
    const job = JSON.stringify({ id, priority })
    return ['enqueue', queue, id, job, priority, availableAt, this.hourMs]
  }

  take(queue: string, limit = 1, leaseMs = 30_000): Promise<Lease[]> {
    return this.store.take(this.partition, queue, limit, leaseMs)
  }

  /** Lets {@link shortMs} go by and waits until `holds`. */
  async expired(holds: () => Promise<boolean>): Promise<void> {
    this.clock.advance(this.shortMs)
    if (!this.realTime) return expect(await holds()).toBe(true)
    await expect.poll(holds, { timeout: 25_000, interval: 5 }).toBe(true)
  }
}
