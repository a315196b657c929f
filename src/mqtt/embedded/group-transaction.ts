import type { DatabaseSync, StatementSync } from 'node:sqlite'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit for a database on this thread: whatever is written within a turn
 * of the event loop is one transaction. A statement sees at once what was
 * written before it; the promise of a write resolves when it is committed.
 */
export class GroupTransaction {
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #database: DatabaseSync
  readonly #reload: () => void
  #waiting: Waiting[] | null = null

  /** `reload` reads again what is kept in memory, after a rollback took back more than one write. */
  constructor(database: DatabaseSync, reload: () => void) {
    this.#database = database
    this.#reload = reload
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  /** Runs `work` now; resolves with its answer once that is committed. */
  async write<Result>(work: () => Result): Promise<Result> {
    const waiting = this.#open()
    let result: Result
    try {
      result = work()
    } catch (error) {
      this.#abandon(error)
      throw error
    }
    await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
    return result
  }

  /** Commits at once what is waiting; for the end. */
  flush(): void {
    const waiting = this.#waiting
    if (!waiting) return
    try {
      this.#commit.run()
    } catch (error) {
      this.#abandon(error)
      return
    }
    this.#waiting = null
    for (const each of waiting) each.resolve()
  }

  #open(): Waiting[] {
    if (this.#waiting) return this.#waiting
    this.#begin.run()
    const waiting: Waiting[] = []
    this.#waiting = waiting
    setImmediate(() => {
      if (this.#waiting === waiting) this.flush()
    })
    return waiting
  }

  // A half-done write must not be committed with its neighbours, so they all fail:
  // none of them has been acknowledged, and their senders will send them again.
  #abandon(error: unknown): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    this.#reload()
    for (const each of waiting) each.reject(error)
  }
}
