import { QUEUES_CHANNEL, type QueueNames } from '../../services/deliveries/queue-names.ts'
import type { Worker } from '../queue/worker.ts'
import type { Bus } from '../store/bus.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

const LOOK_EVERY_MS = 5_000

interface Parts {
  readonly queueNames: QueueNames
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly workerFor: (queue: string) => Worker
}

/** Workers for the queues that the application put jobs into, from the first job on. */
export class OwnQueues {
  readonly #parts: Parts
  readonly #workers = new Map<string, Worker>()
  #unsubscribe: (() => Promise<void>) | null = null
  #cancel = () => {}
  #isStopping = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#parts
    this.#unsubscribe = await bus.subscribe(QUEUES_CHANNEL, () => void this.look())
    this.#cancel = clock.every(LOOK_EVERY_MS, () => void this.look())
    await this.look()
  }

  /** Begins to work on queues that are new. */
  async look(): Promise<void> {
    const { queueNames, workerFor, log } = this.#parts
    try {
      await queueNames.refresh()
      for (const name of queueNames.own) {
        if (this.#isStopping || this.#workers.has(name)) continue
        const worker = workerFor(name)
        this.#workers.set(name, worker)
        await worker.start().catch((error: unknown) => {
          // Another one is made at the next look.
          this.#workers.delete(name)
          throw error
        })
      }
    } catch (error) {
      log.warn({ err: error }, 'could not look for new queues')
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true
    this.#cancel()
    await this.#unsubscribe?.()
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop(deadlineMs)))
  }
}
