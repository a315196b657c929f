import type { Clock } from '../../support/clock.ts'

const QUIET_MS = 60_000
const MOST_KEYS = 1000

/** Lets the same thing be said once a minute, however often a client gives cause. */
export class SparingLog {
  readonly #clock: Clock
  readonly #saidAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `say` unless it was called for this key within the last minute. */
  once(key: string, say: () => void): void {
    const now = this.#clock.now()
    const last = this.#saidAt.get(key)
    if (last !== undefined && now - last < QUIET_MS) return
    if (this.#saidAt.size >= MOST_KEYS) this.#saidAt.clear()
    this.#saidAt.set(key, now)
    say()
  }
}
