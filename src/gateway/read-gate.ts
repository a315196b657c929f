/** Lets a few at a time do what is costly when everybody comes back at once. */
export class ReadGate {
  readonly #width: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(width: number) {
    this.#width = width
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#inside >= this.#width) await new Promise<void>((enter) => this.#waiting.push(enter))
    else this.#inside += 1
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside -= 1
    }
  }
}
