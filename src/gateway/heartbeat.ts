import type { Clock } from '../support/clock.ts'

const TICK_MS = 1000
const EVERY_TICKS = 25
const PATIENCE_TICKS = 8

/** What a heartbeat keeps alive. */
export interface Beating {
  awaitingPong: boolean
  /** Asks the client to answer and sets `awaitingPong`. */
  beat(): void
}

/**
 * Pings every connection each 25 s and ends those that stay silent for 8 s
 * (Centrifugo's figures): one timer for all, connections spread over the seconds.
 */
export class Heartbeat<Each extends Beating = Beating> {
  readonly #slots = Array.from({ length: EVERY_TICKS }, () => new Set<Each>())
  readonly #onSilent: (silent: Each) => void
  readonly #stop: () => void
  #tick = 0

  /** `onSilent` ends one that has not answered. */
  constructor(clock: Clock, onSilent: (silent: Each) => void) {
    this.#onSilent = onSilent
    this.#stop = clock.every(TICK_MS, () => this.#onTick())
  }

  /** The first ping comes after a full round. Answers with the slot, needed to leave. */
  add(beating: Each): number {
    this.#slots[this.#tick]!.add(beating)
    return this.#tick
  }

  remove(slot: number, beating: Each): void {
    this.#slots[slot]?.delete(beating)
  }

  *all(): Iterable<Each> {
    for (const slot of this.#slots) yield* slot
  }

  stop(): void {
    this.#stop()
  }

  #onTick(): void {
    this.#tick = (this.#tick + 1) % EVERY_TICKS
    for (const beating of this.#slots[this.#tick]!) beating.beat()
    const due = (this.#tick + EVERY_TICKS - PATIENCE_TICKS) % EVERY_TICKS
    for (const beating of this.#slots[due]!) if (beating.awaitingPong) this.#onSilent(beating)
  }
}
