import { type Clock, type Logger, messageOf } from '../../src/index.ts'

const EVERY_MS = 60_000

interface Parts {
  readonly clock: Clock
  readonly log: Logger
  /** Requests the watchdog's address. */
  readonly request: () => Promise<void>
  /** Why no progress is made; `null` where all is well. Rejecting is a reason too. */
  readonly fault: () => Promise<string | null>
}

/** Tells a watchdog elsewhere every minute that we live; who falls silent is missed. */
export class Deadman {
  readonly #parts: Parts
  #cancel = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The first request goes out at once: a watchdog that was waiting knows that we are back. */
  start(): void {
    this.#cancel = this.#parts.clock.every(EVERY_MS, () => void this.round())
    void this.round()
  }

  stop(): void {
    this.#cancel()
  }

  async round(): Promise<void> {
    const { log, request, fault } = this.#parts
    const reason = await fault().catch(messageOf)
    if (reason !== null) {
      log.warn({ reason }, 'the watchdog is told nothing: no progress is made')
      return
    }
    await request().catch((error) => {
      log.warn({ reason: messageOf(error) }, 'the watchdog was not reached')
    })
  }
}
