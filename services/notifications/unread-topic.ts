import type { Clock, Logger } from '../../src/index.ts'
import type { Publish } from '../channels/mqtt.ts'

/** How long changes of one user are gathered. */
const GATHER_MS = 100
/** How soon a count is tried again that the broker did not take. */
const RETRY_MS = 5_000
/** Per gathering: counts of a flood of changes are spread out, and each user's are one. */
const AT_ONCE = 50
/** How long stopping waits for a broker that does not answer. */
const FAREWELL_MS = 1_000

interface Parts {
  readonly publish: Publish
  /** How many unread notifications a user has now. */
  readonly count: (user: string) => Promise<number>
  /** Told of every change that somebody may watch, at once, whatever the broker does. */
  readonly onChanged?: (user: string) => void
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Keeps `users/{user_id}/unread` up to date: a retained message whose payload is
 * the count in digits. Many changes of a user in a row are one message, and what
 * is published is the count at that moment, not the one that was reported.
 */
export class UnreadTopic {
  readonly #parts: Parts
  readonly #changed = new Set<string>()
  readonly #forgotten = new Set<string>()
  #cancel: (() => void) | null = null
  #flushing = false
  #stopped = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Says that a user's unread count may have changed; `isWatched`: he may have a session. */
  changed(user: string, isWatched = true): void {
    if (isWatched) this.#parts.onChanged?.(user)
    this.#changed.add(user)
    this.#schedule(GATHER_MS)
  }

  /** Takes a user's count off its topic: he is nobody any more. */
  forget(user: string): void {
    this.#forgotten.add(user)
    this.changed(user, false)
  }

  /** Publishes what is outstanding as far as the broker takes it, then nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(FAREWELL_MS, resolve)
      void this.#flushAll().finally(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Publishes the count of the next few for whom a change was reported: a flood waits its turn. */
  async flush(): Promise<void> {
    this.#cancel = null
    this.#flushing = true
    const users = this.#changed.values().take(AT_ONCE).toArray()
    for (const user of users) this.#changed.delete(user)
    const done = await Promise.all(users.map((user) => this.#tell(user)))
    const failed = users.filter((_, index) => !done[index])
    this.#flushing = false
    for (const user of failed) this.#changed.add(user)
    if (this.#changed.size > 0) this.#schedule(failed.length > 0 ? RETRY_MS : GATHER_MS)
  }

  /** Publishes until nothing is outstanding, or the broker takes no more. */
  async #flushAll(): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; this.#changed.size < before; ) {
      before = this.#changed.size
      await this.flush()
    }
  }

  #schedule(ms: number): void {
    if (this.#cancel !== null || this.#flushing || this.#stopped) return
    this.#cancel = this.#parts.clock.after(ms, () => void this.flush())
  }

  async #tell(user: string): Promise<boolean> {
    const { publish, count, log } = this.#parts
    const isForgotten = this.#forgotten.has(user)
    try {
      // An empty one is kept by no broker [MQTT-3.3.1-10].
      const payload = isForgotten ? '' : String(await count(user))
      await publish(`users/${user}/unread`, payload, { qos: 1, retain: true })
      if (isForgotten) this.#forgotten.delete(user)
      return true
    } catch (error) {
      log.debug({ err: error, user }, 'an unread count was not published')
      return false
    }
  }
}
