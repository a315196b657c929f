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

/** Small things that become due: snoozes that have ended, hand-overs of who is on call, sessions that ended without saying so, events past their time. */
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
    const { services } = this.#parts
    await this.#everywhere((partition) => services.inbox.wakeSnoozed(partition))
    await this.#quietly(() => services.handOvers.round())
    if (this.#rounds++ % SWEEP_EVERY === 0) {
      await this.#quietly(() => services.sessions.sweep())
      await this.#everywhere((partition) => services.events.cleanUp(partition))
    }
    this.#running = false
  }

  /** A partition that is away keeps no other waiting. */
  async #everywhere(work: (partition: number) => Promise<unknown>): Promise<void> {
    const { partitions } = this.#parts.store
    for (let partition = 0; partition < partitions; partition++) {
      await this.#quietly(() => work(partition))
    }
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'housekeeping waits for the store')
    }
  }
}
