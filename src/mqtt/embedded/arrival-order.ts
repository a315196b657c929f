/**
 * A line of things that were begun together and are to go on in the order in
 * which they came.
 */
export class ArrivalOrder {
  readonly #line: Place[] = []

  enter(): Place {
    const place = new Place(() => this.#advance())
    this.#line.push(place)
    if (this.#line.length === 1) place.call()
    return place
  }

  #advance(): void {
    while (this.#line[0]?.hasLeft) this.#line.shift()
    this.#line[0]?.call()
  }
}

/** A place in the line. Whoever holds it must leave, or nobody behind him goes on. */
export class Place {
  readonly #onLeave: () => void
  #isFirst = false
  #resolve: (() => void) | null = null
  hasLeft = false

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave
  }

  /** Resolves when everybody before has left; `null` when that is so already. */
  reached(): Promise<void> | null {
    if (this.#isFirst) return null
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  call(): void {
    this.#isFirst = true
    this.#resolve?.()
  }

  leave(): void {
    if (this.hasLeft) return
    this.hasLeft = true
    if (this.#isFirst) this.#onLeave()
  }
}
