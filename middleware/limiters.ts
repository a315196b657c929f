import { type Clock, partitionOf, type Store, Unavailable } from '../src/index.ts'

/** How much is let through: so many calls in so many milliseconds. */
export interface Limit {
  readonly requests: number
  readonly windowMs: number
}

/** Whether a call is let through, and when the next one would be (epoch milliseconds). */
export interface Grant {
  readonly granted: boolean
  readonly resetsAt: number
}

export interface Limiter {
  take(key: string): Promise<Grant>
}

/** Counts the calls of the window that ends now, for all processes together. */
export class SlidingWindow implements Limiter {
  readonly #store: Store
  readonly #limit: Limit

  constructor(store: Store, limit: Limit) {
    this.#store = store
    this.#limit = limit
  }

  async take(key: string): Promise<Grant> {
    const { requests, windowMs } = this.#limit
    const { granted, resetsAt } = await this.#store.hit(key, requests, windowMs, 1)
    return { granted: granted > 0, resetsAt }
  }
}

const ATTEMPTS = 16

/**
 * A bucket of `burst` tokens that fills evenly: what is stored is when it will be
 * full again (the theoretical arrival time of GCRA, ATM Forum TM 4.0 §4.4.2).
 */
export class TokenBucket implements Limiter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #tokenMs: number
  readonly #depthMs: number
  readonly #turns = new Map<string, Promise<void>>()

  constructor(store: Store, clock: Clock, limit: Limit & { readonly burst: number }) {
    this.#store = store
    this.#clock = clock
    this.#tokenMs = limit.windowMs / limit.requests
    this.#depthMs = this.#tokenMs * limit.burst
  }

  /** Calls of one process take turns: only those of others can come between. */
  take(key: string): Promise<Grant> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const grant = before.then(() => this.#draw(key))
    const turn = grant.then(ignore, ignore).then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    })
    this.#turns.set(key, turn)
    return grant
  }

  async #draw(key: string): Promise<Grant> {
    const partition = partitionOf(key, this.#store.partitions)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await this.#store.get(partition, key)
      const now = this.#clock.now()
      const fullAt = Math.max(Number(before ?? 0), now) + this.#tokenMs
      const wait = fullAt - now - this.#depthMs
      // Sums of fractions: a token must not be refused for a millionth of a millisecond.
      if (wait > 1e-6) return { granted: false, resetsAt: now + wait }
      const outcome = await this.#store.commit({
        partition,
        guards: [['expect', key, before]],
        ops: [['set', key, String(fullAt), Math.ceil(fullAt - now)]],
      })
      if (outcome.applied) return { granted: true, resetsAt: now }
    }
    throw new Unavailable('Too many calls at once count against one limit.')
  }
}

/** Whoever asked hears of it; the next in turn need not. */
function ignore(): void {}

const MOST_KEYS = 10_000

/** Counts in this process alone, by fixed windows: for while the store is away. */
export class MemoryWindow implements Limiter {
  readonly #clock: Clock
  readonly #limit: Limit
  readonly #counts = new Map<string, { count: number; readonly endsAt: number }>()

  constructor(clock: Clock, limit: Limit) {
    this.#clock = clock
    this.#limit = limit
  }

  async take(key: string): Promise<Grant> {
    const now = this.#clock.now()
    let window = this.#counts.get(key)
    if (window === undefined || window.endsAt <= now) {
      this.#counts.delete(key)
      window = { count: 0, endsAt: now + this.#limit.windowMs }
      this.#counts.set(key, window)
      if (this.#counts.size > MOST_KEYS) this.#counts.delete(this.#counts.keys().next().value!)
    }
    window.count += 1
    return { granted: window.count <= this.#limit.requests, resetsAt: window.endsAt }
  }
}
