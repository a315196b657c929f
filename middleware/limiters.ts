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

const ATTEMPTS = 16
const MOST_KEYS = 10_000

export interface Limiter {
  /** What is known at once is answered at once: most calls are. */
  take(key: string): Grant | Promise<Grant>
}

/** Limits below this are counted call by call. */
const LARGE_LIMIT = 10_000
/** Of what is left of a large limit, the part that a process fetches at once. */
const SHARE = 1 / 256
/** Of the window, the part within which it uses that up. */
const USABLE = 1 / 64

/** What a process may still let through of one key without asking. */
interface Stock {
  left: number
  usableUntil: number
  resetsAt: number
  /** How many calls to fetch the next time; 0: they are counted one by one. */
  portion: number
  fetching: Promise<void> | null
}

/**
 * Counts the calls of the window that ends now, for all processes together. Of a
 * large limit a process fetches a portion at once while plenty is left; it counts
 * as used when it could be used last, so that never more than the limit gets
 * through, and at most a 256th of what is left lies unused.
 */
export class SlidingWindow implements Limiter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #limit: Limit
  readonly #stocks = new Map<string, Stock>()

  constructor(store: Store, clock: Clock, limit: Limit) {
    this.#store = store
    this.#clock = clock
    this.#limit = limit
  }

  take(key: string): Grant | Promise<Grant> {
    const stock = this.#stocks.get(key)
    return (stock && this.#draw(stock)) ?? this.#ask(key)
  }

  #draw(stock: Stock): Grant | null {
    if (stock.left === 0 || this.#clock.now() >= stock.usableUntil) return null
    stock.left -= 1
    return { granted: true, resetsAt: stock.resetsAt }
  }

  async #ask(key: string): Promise<Grant> {
    for (let round = 0; round < ATTEMPTS; round++) {
      const stock = this.#stocks.get(key)
      if (stock === undefined || stock.portion === 0) break
      stock.fetching ??= this.#fetch(key, stock)
      await stock.fetching
      const grant = this.#draw(stock)
      if (grant !== null) return grant
    }
    const { requests, windowMs } = this.#limit
    const { granted, remaining, resetsAt } = await this.#store.hit(key, requests, windowMs, 1)
    this.#portion(key, remaining)
    return { granted: granted > 0, resetsAt }
  }

  async #fetch(key: string, stock: Stock): Promise<void> {
    const { requests, windowMs } = this.#limit
    const aheadMs = Math.floor(windowMs * USABLE)
    const usableUntil = this.#clock.now() + aheadMs
    try {
      const asked = this.#store.hit(key, requests, windowMs, stock.portion, aheadMs)
      const { granted, remaining, resetsAt } = await asked
      Object.assign(stock, { left: granted, usableUntil, resetsAt })
      this.#portion(key, remaining)
    } finally {
      stock.fetching = null
    }
  }

  #portion(key: string, remaining: number): void {
    if (this.#limit.requests < LARGE_LIMIT) return
    const portion = Math.floor(remaining * SHARE)
    const stock = this.#stocks.get(key)
    if (stock) stock.portion = portion
    else {
      this.#stocks.set(key, { left: 0, usableUntil: 0, resetsAt: 0, portion, fetching: null })
      if (this.#stocks.size > MOST_KEYS) this.#stocks.delete(this.#stocks.keys().next().value!)
    }
  }
}

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

/** Counts in this process alone, by fixed windows: for while the store is away. */
export class MemoryWindow implements Limiter {
  readonly #clock: Clock
  readonly #limit: Limit
  readonly #counts = new Map<string, { count: number; readonly endsAt: number }>()

  constructor(clock: Clock, limit: Limit) {
    this.#clock = clock
    this.#limit = limit
  }

  take(key: string): Grant {
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
