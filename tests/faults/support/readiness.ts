/** What `/readyz` said, and since when; what fails is named. */
export interface Opinion {
  readonly atMs: number
  /** `ready`, the names of what failed, or `gone` where nobody answered. */
  readonly word: string
}

/** Asks `/readyz` all the time and keeps every change of the answer. */
export class ReadinessWatch {
  readonly opinions: Opinion[] = []
  readonly #url: string
  #isStopped = false
  #done: Promise<void> = Promise.resolve()

  constructor(url: string) {
    this.#url = `${url}/readyz`
  }

  start(): this {
    this.#done = this.#watch()
    return this
  }

  get word(): string {
    return this.opinions.at(-1)?.word ?? 'unknown'
  }

  /** Every answer that was given, in order, without repetitions. */
  get words(): string[] {
    return this.opinions.map(({ word }) => word)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#done
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped) {
      const word = await this.#ask()
      if (word !== this.word) this.opinions.push({ atMs: performance.now(), word })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async #ask(): Promise<string> {
    try {
      const answer = await fetch(this.#url, { signal: AbortSignal.timeout(15_000) })
      const body = (await answer.json()) as { failed: string[] }
      const word = body.failed.join('+')
      if (answer.status === 200) return word === '' ? 'ready' : `200 although ${word}`
      return answer.status === 503 ? word : `status ${answer.status}`
    } catch {
      return 'gone'
    }
  }
}
