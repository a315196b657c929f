import type { Logger } from '../support/logger.ts'

/** Work that nobody waits for, except at the end. */
export class Errands {
  readonly #log: Logger
  readonly #open = new Set<Promise<void>>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Resolves when it has ended, well or not. */
  run(work: Promise<void>): Promise<void> {
    const errand = work.catch((error: unknown) => {
      this.#log.error({ err: error }, 'the MQTT fleet failed at a task')
    })
    this.#open.add(errand)
    void errand.then(() => this.#open.delete(errand))
    return errand
  }

  /** Resolves when all that is under way now has ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#open)
  }
}
