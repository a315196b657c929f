/** What the random choices of this run follow from; printed by the runner. */
export const SEED = Number(process.env.BELFRY_FAULTS_SEED ?? 1)

/** Random choices that come out the same for the same seed and label. */
export class Chance {
  #state: number

  constructor(label: string, seed = SEED) {
    this.#state = seed >>> 0
    for (const letter of label)
      this.#state = Math.imul(this.#state ^ letter.charCodeAt(0), 2654435761)
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }
}
