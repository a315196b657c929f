import type { Clock, Logger } from '../../src/index.ts'

/** How long changes of one user are gathered. */
const GATHER_MS = 100
/** Per gathering; the rest of a flood waits for the next. */
const AT_ONCE = 200

interface Parts {
  /** How many unread notifications a user has now. */
  readonly count: (user: string) => Promise<number>
  /** Tells all sessions of a user. */
  readonly tell: (user: string, count: number) => void
  readonly clock: Clock
  readonly log: Logger
}

/** Tells the sessions of a user how many unread notifications he has, soon after that has changed. */
export class UnreadCounts {
  readonly #parts: Parts
  readonly #changed = new Set<string>()
  #isWaiting = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  changed(user: string): void {
    this.#changed.add(user)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isWaiting || this.#changed.size === 0) return
    this.#isWaiting = true
    this.#parts.clock.after(GATHER_MS, () => void this.#flush())
  }

  async #flush(): Promise<void> {
    const users = this.#changed.values().take(AT_ONCE).toArray()
    for (const user of users) this.#changed.delete(user)
    await Promise.all(users.map((user) => this.#tell(user)))
    this.#isWaiting = false
    this.#schedule()
  }

  /** A count that cannot be read is told with the next change, or when the client comes back. */
  async #tell(user: string): Promise<void> {
    const { count, tell, log } = this.#parts
    try {
      tell(user, await count(user))
    } catch (error) {
      log.debug({ err: error, user }, 'an unread count was not told')
    }
  }
}
