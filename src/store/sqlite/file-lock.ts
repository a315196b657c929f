import { DatabaseSync } from 'node:sqlite'
import { messageOf, Unavailable } from '../../support/errors.ts'

/** How long a start waits for the process that is just letting go of the file. */
const WAIT_MS = 2_000

/**
 * Keeps the other processes away from a store's file: a transaction that stays
 * open on a file beside it. The operating system ends the lock with the process,
 * however it ends. Raises `Unavailable` when somebody else has it.
 */
export class FileLock {
  readonly #held: DatabaseSync

  constructor(path: string) {
    this.#held = new DatabaseSync(`${path}.lock`, { timeout: WAIT_MS })
    try {
      this.#held.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    } catch (error) {
      this.#held.close()
      throw new Unavailable(
        messageOf(error).includes('locked')
          ? `The store ${path} is in use by another process; one file serves one process.`
          : `The store ${path} cannot be locked: ${messageOf(error)}`,
        { cause: error },
      )
    }
  }

  release(): void {
    if (this.#held.isOpen) this.#held.close()
  }
}
