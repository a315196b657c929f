import type { Clock } from '../support/clock.ts'

const TICK_MS = 1000

/** Calls things at their moments, to the second, without a timer for each. */
export class Expiry {
  readonly #clock: Clock
  readonly #due = new Map<number, Set<() => void>>()
  readonly #stop: () => void
  #done: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#done = toSecond(clock.now())
    this.#stop = clock.every(TICK_MS, () => this.#onTick())
  }

  /** Calls `run` once `moment` (epoch ms) has passed. Returns the way to cancel it. */
  at(moment: number, run: () => void): () => void {
    const second = Math.max(toSecond(moment), this.#done + 1)
    const due = this.#due.get(second) ?? new Set()
    this.#due.set(second, due.add(run))
    return () => {
      due.delete(run)
      if (due.size === 0 && this.#due.get(second) === due) this.#due.delete(second)
    }
  }

  /** Calls `run` once `ms` have passed. Returns the way to cancel it. */
  after(ms: number, run: () => void): () => void {
    return this.at(this.#clock.now() + ms, run)
  }

  stop(): void {
    this.#stop()
  }

  #onTick(): void {
    const now = Math.floor(this.#clock.now() / TICK_MS)
    if (now <= this.#done) return
    this.#done = now
    for (const [second, due] of this.#due) {
      if (second > now) continue
      this.#due.delete(second)
      for (const run of due) run()
    }
  }
}

function toSecond(moment: number): number {
  return Math.ceil(moment / TICK_MS)
}
