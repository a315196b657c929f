import type { Clock } from '../support/clock.ts'
import { allOf, type Few, withOne, without } from './few.ts'

const TICK_MS = 1000

/** Something that ends at a moment. */
export interface Expiring {
  onExpired(): void
}

/** Tells things that their moment has passed, to the second, without a timer for each. */
export class Expiry {
  readonly #clock: Clock
  readonly #due = new Map<number, Few<Expiring>>()
  readonly #stop: () => void
  #done: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#done = toSecond(clock.now())
    this.#stop = clock.every(TICK_MS, () => this.#onTick())
  }

  /** Tells `one` once `moment` (epoch ms; `null`: never) has passed. */
  add(moment: number | null, one: Expiring): void {
    if (moment === null) return
    const second = Math.max(toSecond(moment), this.#done + 1)
    this.#due.set(second, withOne(this.#due.get(second), one))
  }

  /** Takes back an `add`; one whose moment had passed already may be told all the same. */
  remove(moment: number | null, one: Expiring): void {
    if (moment === null) return
    const second = toSecond(moment)
    const rest = without(this.#due.get(second), one)
    if (rest === undefined) this.#due.delete(second)
    else this.#due.set(second, rest)
  }

  /** Calls `run` once `ms` have passed. Returns the way to cancel it. */
  after(ms: number, run: () => void): () => void {
    const moment = this.#clock.now() + ms
    const one = { onExpired: run }
    this.add(moment, one)
    return () => this.remove(moment, one)
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
      for (const one of allOf(due)) one.onExpired()
    }
  }
}

function toSecond(moment: number): number {
  return Math.ceil(moment / TICK_MS)
}
