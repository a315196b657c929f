import type { Logger } from '../support/logger.ts'
import type { Recipient } from './recipient.ts'

/** Tells the store what a client has: one call at a time, what comes meanwhile is one more. */
export class Receipts {
  readonly #recipient: Recipient
  readonly #log: Logger
  #wanted = 0
  /** Records that the client said it has, and that do not say so yet. */
  #received: string[] = []
  #telling: Promise<void> | null = null

  constructor(recipient: Recipient, log: Logger) {
    this.#recipient = recipient
    this.#log = log
  }

  /** It has everything up to `seq`; `ids` are the records it said it has. Resolves when the store knows. */
  upTo(seq: number, ids: readonly string[]): Promise<void> {
    this.#received.push(...ids)
    this.#wanted = Math.max(this.#wanted, seq)
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = null
    })
    return this.#telling
  }

  /** It has one record, and not all that came before it. */
  async one(id: string, upTo: number): Promise<void> {
    this.#received.push(id)
    const { application, user, id: session } = this.#recipient
    await application.sessions.acknowledge(user, session, { id, upTo })
    await this.#markReceived()
  }

  async #tell(): Promise<void> {
    const { application, user, id } = this.#recipient
    await Promise.resolve()
    for (let done = 0; done < this.#wanted; ) {
      const seq = this.#wanted
      await application.sessions.acknowledge(user, id, seq)
      done = seq
      await this.#markReceived()
    }
  }

  /** Without it a fallback goes out that need not have: nothing to refuse a client for. */
  async #markReceived(): Promise<void> {
    const ids = this.#received
    if (ids.length === 0) return
    this.#received = []
    const { application, user } = this.#recipient
    await application.inbox.markDelivered(user, ids).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'what a client has could not be marked as delivered')
    })
  }
}
