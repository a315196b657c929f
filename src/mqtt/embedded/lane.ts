/** Runs at most `limit` pieces of work at once; the others wait in the order in which they came. */
export class Lane {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = Math.max(1, limit)
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#running += 1
    }
    try {
      return await work()
    } finally {
      // The place is handed on, not given back, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}

/** A lane for each route, made when its first message comes. */
export class Lanes<Route extends object> {
  readonly #lanes = new WeakMap<Route, Lane>()
  readonly #limitOf: (route: Route) => number

  constructor(limitOf: (route: Route) => number) {
    this.#limitOf = limitOf
  }

  of(route: Route): Lane {
    const known = this.#lanes.get(route)
    if (known) return known
    const lane = new Lane(this.#limitOf(route))
    this.#lanes.set(route, lane)
    return lane
  }
}
