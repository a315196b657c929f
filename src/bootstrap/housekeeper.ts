import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Services } from './services.ts'

const EVERY_MS = 5_000
/** Rounds between two looks at all sessions. */
const SWEEP_EVERY = 12

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly services: Services
}

/** Small things that become due: snoozes that have ended, sessions that ended without saying so, events past their time. */
export class Housekeeper {
  readonly #parts: Parts
  #cancel = () => {}
  #running = false
  #rounds = 1

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(EVERY_MS, () => void this.round())
  }

  stop(): void {
    this.#cancel()
  }

  /** One round; a store that is away is tried again in the next. */
  async round(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const { store, services, log } = this.#parts
    try {
      for (let partition = 0; partition < store.partitions; partition++) {
        await services.inbox.wakeSnoozed(partition)
      }
      if (this.#rounds++ % SWEEP_EVERY === 0) {
        await services.sessions.sweep()
        for (let partition = 0; partition < store.partitions; partition++) {
          await services.events.cleanUp(partition)
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'housekeeping waits for the store')
    } finally {
      this.#running = false
    }
  }
}
