import { EventDispatcher } from '../events/dispatcher.ts'
import { currentEvents } from '../events/event.ts'
import { type ListenerCall, type ListenerJobs, thawEvent } from '../events/listener-call.ts'
import { systemClock } from '../support/clock.ts'
import { createLogger } from '../support/logger.ts'
import { demand } from './demand.ts'

/**
 * Keeps the calls of queued listeners instead of making them; other listeners
 * are asked as ever: `using fake = QueueFake.fake()`. `run()` makes the calls.
 */
export class QueueFake implements ListenerJobs, Disposable {
  readonly #dispatcher: EventDispatcher
  readonly #taken: Disposable
  #calls: ListenerCall[] = []

  private constructor() {
    const log = createLogger('silent')
    this.#dispatcher = new EventDispatcher({ clock: systemClock, log, jobs: this })
    this.#taken = currentEvents.use(this.#dispatcher)
  }

  static fake(): QueueFake {
    return new QueueFake()
  }

  [Symbol.dispose](): void {
    this.#taken[Symbol.dispose]()
  }

  push(calls: readonly ListenerCall[]): Promise<void> {
    this.#calls.push(...calls)
    return Promise.resolve()
  }

  /** What waits, oldest first. */
  get calls(): readonly ListenerCall[] {
    return this.#calls
  }

  /** Throws unless a call of the listener waits (so many do), in this queue if one is named. */
  assertPushed(listener: string | { readonly name: string }, expected: Expected = {}): void {
    const name = typeof listener === 'string' ? listener : listener.name
    const found = this.#calls.filter(
      (call) => call.listener === name && (expected.queue ?? call.terms.queue) === call.terms.queue,
    )
    const where = expected.queue === undefined ? '' : ` in ${expected.queue}`
    const { times } = expected
    if (times === undefined) {
      demand(found.length > 0, `${name} was not queued${where}. ${this.#story()}`)
    } else {
      const message = `${name} was queued ${found.length} times${where}, not ${times}`
      demand(found.length === times, `${message}. ${this.#story()}`)
    }
  }

  assertNotPushed(listener: string | { readonly name: string }): void {
    this.assertPushed(listener, { times: 0 })
  }

  assertNothingPushed(): void {
    demand(this.#calls.length === 0, `Something was queued. ${this.#story()}`)
  }

  /** Makes the calls that wait, and those that they queue. Rejects with what a listener throws. */
  async run(): Promise<void> {
    while (this.#calls.length > 0) {
      const calls = this.#calls
      this.#calls = []
      for (const { listener, event } of calls) {
        const thawed = thawEvent(this.#dispatcher.classes, event)
        if (listener === null) await this.#dispatcher.dispatch(thawed as object)
        else await this.#dispatcher.table.named(listener)?.call(thawed, event.name)
      }
    }
  }

  #story(): string {
    if (this.#calls.length === 0) return 'Nothing was queued at all.'
    const lines = this.#calls.map(
      ({ listener, event, terms }) => `${listener ?? event.name} in ${terms.queue}`,
    )
    return `Queued were: ${lines.join(', ')}.`
  }
}

interface Expected {
  readonly queue?: string
  readonly times?: number
}
