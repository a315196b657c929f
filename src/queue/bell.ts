import type { Bus } from '../store/bus.ts'
import type { Logger } from '../support/logger.ts'
import { wakeChannel } from './worker.ts'

/** Wakes the workers of a queue, on all processes, at most once per turn and queue. */
export class Bell {
  readonly #bus: Bus
  readonly #log: Logger
  readonly #rung = new Set<string>()

  constructor(parts: { bus: Bus; log: Logger }) {
    this.#bus = parts.bus
    this.#log = parts.log
  }

  ring(queue: string): void {
    if (this.#rung.size === 0) setImmediate(() => this.#send())
    this.#rung.add(queue)
  }

  #send(): void {
    const queues = [...this.#rung]
    this.#rung.clear()
    for (const queue of queues) {
      // A lost call costs one poll interval, nothing else.
      this.#bus.publish(wakeChannel(queue), '').catch((error) => {
        this.#log.debug({ err: error, queue }, 'workers were not woken')
      })
    }
  }
}
