import { InvalidPayload, wildcard } from '../../src/index.ts'
import { isQueueName, type QueueNames } from './queue-names.ts'

/** A type of notification, or a pattern with `*` for several, and the queue of its deliveries. */
export interface QueueRoute {
  readonly type: string
  readonly queue: string
}

/** In which queue the deliveries of a type wait, where it is not that of their channel. */
export class QueueRoutes {
  readonly #routes: { readonly pattern: RegExp; readonly queue: string }[] = []

  constructor(routes: readonly QueueRoute[] = []) {
    for (const route of routes) this.add(route)
  }

  /** Those that were added first are asked first. Throws `InvalidPayload` for no name of a queue. */
  add({ type, queue }: QueueRoute): void {
    if (!isQueueName(queue)) {
      throw new InvalidPayload(`${JSON.stringify(queue)} is no name of a queue: say slow-mails.`)
    }
    this.#routes.push({ pattern: wildcard(type), queue })
  }

  /** `null`: the queue of each channel. */
  queueOf(type: string): string | null {
    return this.#routes.find(({ pattern }) => pattern.test(type))?.queue ?? null
  }

  /** Makes sure that somebody works on all of them. */
  async open(queueNames: QueueNames): Promise<void> {
    for (const queue of new Set(this.#routes.map((route) => route.queue)))
      await queueNames.note(queue)
  }
}
