import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Application } from './application.ts'
import type { Session, SessionHub } from './session.ts'

const COMPARE_MS = 30_000
const REDELIVER_MS = 5000
const COMPARED_AT_ONCE = 500
/** Every so many comparisons a session gives the store a sign of life (its TTL is an hour). */
const TOUCH_EVERY = 10
/** After a look that failed: the bus may be back before the store is. */
const RETRY_MS = 1000

interface Parts {
  readonly hub: SessionHub
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What a gateway does without being asked: compares each client with its user's
 * sequence number, in case a live message was missed, sends again what was not
 * acknowledged, and keeps sessions alive in the store.
 */
export class Pulse {
  readonly #parts: Parts
  readonly #stops: readonly (() => void)[]
  #beats = 0
  #cancelRetry = () => {}
  #isStopped = false
  #beating: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const { clock } = parts
    this.#stops = [
      clock.every(COMPARE_MS, () => this.beat()),
      clock.every(REDELIVER_MS, () => this.#redeliver()),
    ]
  }

  /**
   * Looks now; a look that is under way is followed by another. With `touches`
   * also whether the store still knows the sessions.
   */
  beat(touches = false): void {
    const before = this.#beating ?? Promise.resolve()
    const beating = before
      .then(() => this.#beat(touches))
      .finally(() => {
        if (this.#beating === beating) this.#beating = null
      })
    this.#beating = beating
  }

  stop(): void {
    this.#isStopped = true
    for (const stop of this.#stops) stop()
    this.#cancelRetry()
  }

  async #beat(mustTouch: boolean): Promise<void> {
    const touches = mustTouch || this.#beats % TOUCH_EVERY === 0
    this.#beats += 1
    const sessions = [...this.#parts.hub.clients()]
    const byApplication = Map.groupBy(sessions, ({ application }) => application)
    try {
      for (const [application, clients] of byApplication) {
        for (let at = 0; at < clients.length; at += COMPARED_AT_ONCE) {
          const some = clients.slice(at, at + COMPARED_AT_ONCE)
          await this.#compare(application, some)
          if (touches) await this.#touch(application, some)
        }
      }
    } catch (error) {
      if (this.#isStopped) return
      this.#parts.log.warn({ err: error }, 'sessions could not be compared with the store')
      this.#cancelRetry()
      this.#cancelRetry = this.#parts.clock.after(RETRY_MS, () => this.beat(touches))
    }
  }

  async #compare(application: Application, clients: readonly Session[]): Promise<void> {
    const before = clients.map(({ delivery }) => delivery.sentSeq)
    const users = [...new Set(clients.map(({ user }) => user))]
    const found = await application.sessions.sequences(users)
    for (const [index, client] of clients.entries()) {
      const known = client.delivery.compare(found.get(client.user) ?? 0, before[index] ?? 0)
      if (known === false) client.onLost()
    }
  }

  /** Sessions that the store has lost are closed: their clients come back with a new one. */
  async #touch({ sessions }: Application, clients: readonly Session[]): Promise<void> {
    const lost = await sessions.touch(
      clients.map((client) => ({ user: client.user, session: client.id, client })),
    )
    for (const { client } of lost) client.onLost()
  }

  #redeliver(): void {
    for (const { delivery } of this.#parts.hub.clients()) {
      delivery.redeliver().catch((error: unknown) => {
        this.#parts.log.debug({ err: error }, 'could not send again; it is tried again')
      })
    }
  }
}
