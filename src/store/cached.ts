import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Bus } from './bus.ts'

/** What was read is used this long: word of a change may get lost on its way. */
const FRESH_MS = 30_000

interface Parts<Value> {
  readonly read: () => Promise<Value>
  readonly bus: Bus
  /** The bus channel on which processes tell each other of changes. */
  readonly channel: string
  readonly clock: Clock
  readonly log: Logger
}

/** Something of the store that is at hand, and is read again when any process changed it. */
export class Cached<Value> {
  readonly #parts: Parts<Value>
  #reading: Promise<Value> | null = null
  #value: Value | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #listening: Promise<unknown> | null = null

  constructor(parts: Parts<Value>) {
    this.#parts = parts
    parts.bus.onGap(this.forget)
  }

  /** The value where it is at hand; else a promise of it. */
  get(): Value | Promise<Value> {
    const isFresh = Math.abs(this.#parts.clock.now() - this.#readAt) < FRESH_MS
    if (this.#value !== null && isFresh) return this.#value
    this.#reading ??= this.#read()
    return this.#reading
  }

  /** Looks into the store the next time. */
  readonly forget = (): void => {
    this.#value = null
    this.#reading = null
  }

  /** Forgets it here and in every other process. */
  async changed(): Promise<void> {
    this.forget()
    const { bus, channel, log } = this.#parts
    // The others find out by themselves after a while.
    await bus.publish(channel, 'changed').catch((error: unknown) => {
      log.warn({ err: error, channel }, 'other processes learn later of a change')
    })
  }

  #read(): Promise<Value> {
    const reading = this.#readOnce()
    const isCurrent = () => this.#reading === reading
    void reading.then(
      (value) => {
        // A change that came while it was read makes it old.
        if (!isCurrent()) return
        this.#value = value
        this.#reading = null
      },
      () => {
        if (isCurrent()) this.#reading = null
      },
    )
    return reading
  }

  async #readOnce(): Promise<Value> {
    await this.#listen()
    this.#readAt = this.#parts.clock.now()
    return this.#parts.read()
  }

  /** Subscribes before the first reading, so that no change falls in between. */
  async #listen(): Promise<void> {
    if (this.#listening === null) {
      const { bus, channel } = this.#parts
      this.#listening = bus.subscribe(channel, this.forget)
      this.#listening.catch(() => {
        this.#listening = null
      })
    }
    await this.#listening
  }
}
