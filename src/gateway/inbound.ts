/** A client that sends faster than it is served is not read any further. */
const MOST_WAITING = 64

/** Whose messages they are. */
export interface Listening {
  readonly transport: { pause(): void; resume(): void }
  /** Handles one message. Never rejects. */
  handle(text: string): Promise<void>
}

/** The messages of one client, handled one after the other; closed until `open`. */
export class Inbound {
  readonly #listening: Listening
  /** Made when first needed: most of many clients are silent. */
  #waiting: string[] | null = null
  #isBusy = true

  constructor(listening: Listening) {
    this.#listening = listening
  }

  push(text: string): void {
    this.#waiting ??= []
    this.#waiting.push(text)
    if (this.#waiting.length === MOST_WAITING) this.#listening.transport.pause()
    if (!this.#isBusy) void this.#work()
  }

  open(): void {
    void this.#work()
  }

  /** What waits is forgotten. */
  close(): void {
    this.#waiting = null
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (;;) {
      const text = this.#waiting?.shift()
      if (text === undefined) break
      if (this.#waiting?.length === MOST_WAITING - 1) this.#listening.transport.resume()
      await this.#listening.handle(text)
    }
    this.#waiting = null
    this.#isBusy = false
  }
}
