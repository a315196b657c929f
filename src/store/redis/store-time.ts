import { type Clock, systemClock } from '../../support/clock.ts'

/**
 * What time it is for the store. Leases and windows go by the server's clock,
 * which all processes share; the rest by ours. A clock that a test owns stands
 * for both.
 */
export class StoreTime {
  readonly clock: Clock
  readonly #owned: boolean

  constructor(clock: Clock | undefined) {
    this.clock = clock ?? systemClock
    this.#owned = clock !== undefined
  }

  /** Epoch milliseconds, by our clock. */
  now(): number {
    return this.clock.now()
  }

  /** Epoch milliseconds for a script; empty: it asks the server. */
  leaseNow(): number | '' {
    return this.#owned ? this.clock.now() : ''
  }
}
