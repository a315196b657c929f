import { BelfryError } from '../support/errors.ts'

const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/

export interface Limits {
  /** Live connections of one user on this process. */
  readonly perUser: number
  /** Live connections from one address. */
  readonly perAddress: number
  readonly total: number
  /** Broadcast channels that one connection may be on. */
  readonly channels: number
}

export const DEFAULT_LIMITS: Limits = {
  perUser: 20,
  perAddress: 1000,
  total: 50_000,
  channels: 128,
}

/** Counts connections by address and altogether; the newest is refused, never an old one cut. */
export class ConnectionLimits {
  readonly #limits: Limits
  readonly #byAddress = new Map<string, number>()
  #total = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get total(): number {
    return this.#total
  }

  /**
   * Whether one more is let in from there; every admission is to be followed by
   * `leave`. The machine itself (a proxy in front) is not limited by address.
   */
  enter(from: string): 'admitted' | 'address_full' | 'full' {
    const here = this.#byAddress.get(from) ?? 0
    if (this.#total >= this.#limits.total) return 'full'
    if (here >= this.#limits.perAddress && !LOOPBACK.test(from)) return 'address_full'
    this.#total += 1
    this.#byAddress.set(from, here + 1)
    return 'admitted'
  }

  leave(from: string): void {
    const here = this.#byAddress.get(from) ?? 0
    this.#total -= 1
    if (here <= 1) this.#byAddress.delete(from)
    else this.#byAddress.set(from, here - 1)
  }
}

/** Somebody holds as many connections as he may. */
export class TooManyConnections extends BelfryError {
  readonly code = 'rate_limit_exceeded'
  override readonly status = 429
  override readonly retryable = true
}
