export interface BatcherOptions {
  /** Most items of one batch. */
  readonly size: number
  /** Most batches under way at once; more items wait and make the next ones larger. */
  readonly inFlight: number
}

/**
 * Group commit: whatever is added within a turn of the event loop is run
 * together. Under low load a batch is one item and nothing waits.
 */
export class Batcher<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Result[]>
  readonly #options: BatcherOptions
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] =
    []
  #running = 0
  #scheduled = false

  /** `run` answers with one result per item, in order. */
  constructor(
    run: (items: readonly Item[]) => Promise<readonly Result[]>,
    options: BatcherOptions,
  ) {
    this.#run = run
    this.#options = options
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.inFlight) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#running < this.#options.inFlight) {
      const batch = this.#waiting.splice(0, this.#options.size)
      this.#running += 1
      this.#run(batch.map(({ item }) => item)).then(
        (results) => {
          for (const [index, each] of batch.entries()) each.resolve(results[index]!)
          this.#settle()
        },
        (error) => {
          for (const each of batch) each.reject(error)
          this.#settle()
        },
      )
    }
  }

  #settle(): void {
    this.#running -= 1
    if (this.#waiting.length > 0) this.#schedule()
  }
}
