const MOST_PER_SECOND = 10

/** Lets through 10 client events a second (Pusher's figure). */
export class EventRate {
  #second = 0
  #count = 0

  /** `now` in epoch milliseconds. */
  allows(now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#count = 0
    }
    this.#count += 1
    return this.#count <= MOST_PER_SECOND
  }
}
