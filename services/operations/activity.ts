import { type Bus, type Clock, isoTime, type Logger } from '../../src/index.ts'

const WATCH_CHANNEL = 'activity:watched'
const WATCHED_MS = 30_000

/** The broadcast channel on which activity is shown; its rule lets only operators in. */
export const ACTIVITY_CHANNEL = 'belfry.activity'

/** Says that something happened, to whoever watches. */
export type Tell = (what: string, fields: Readonly<Record<string, unknown>>) => void

interface Parts {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly broadcast: (channel: string, event: string, data: object) => void
}

/** What happens, told to those who watch (`belfry tail`); while nobody does, it costs nothing. */
export class Activity {
  readonly #parts: Parts
  #watchedUntil = 0
  #unsubscribe = async () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#parts
    this.#unsubscribe = await bus.subscribe(WATCH_CHANNEL, () => {
      this.#watchedUntil = clock.now() + WATCHED_MS
    })
  }

  async stop(): Promise<void> {
    await this.#unsubscribe()
  }

  /** Asks every process to tell what happens, for half a minute from now. */
  async watch(): Promise<void> {
    await this.#parts.bus.publish(WATCH_CHANNEL, '')
  }

  record: Tell = (what, fields) => {
    const { clock, broadcast } = this.#parts
    const now = clock.now()
    if (now > this.#watchedUntil) return
    broadcast(ACTIVITY_CHANNEL, what, { at: isoTime(now), what, ...fields })
  }
}
