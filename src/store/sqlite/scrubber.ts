import type { StatementSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from '../../support/logger.ts'
import type { Connection } from './connection.ts'
import type { Sweeper } from './sweeper.ts'

/** A file up to here is written anew, which takes a fifth of a second at most. */
const SMALL_BYTES = 16 * 1024 * 1024
/** Pages that one step overwrites: a few milliseconds. */
const PAGES_PER_STEP = 256
/** Of an overflow page, four bytes say which is the next. */
const POINTER_BYTES = 4

/** Takes the bytes of what was deleted out of the file and its log. */
export class Scrubber {
  readonly #connection: Connection
  readonly #sweeper: Sweeper
  #last = Promise.resolve()

  constructor(connection: Connection, sweeper: Sweeper) {
    this.#connection = connection
    this.#sweeper = sweeper
  }

  /** One after another; lets the event loop go on between steps. What could not be done is logged. */
  async scrub(log: Logger): Promise<void> {
    this.#last = this.#last
      .then(() => this.#scrub())
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the file may still hold bytes of what was deleted')
      })
    return this.#last
  }

  async #scrub(): Promise<void> {
    while (this.#sweeper.sweep()) await turn()
    if (this.#number('page_count') * this.#number('page_size') <= SMALL_BYTES) {
      this.#connection.rewrite()
    } else await this.#overwriteFreePages()
    this.#connection.emptyLog()
  }

  /** They are given to a table of zeros, which is then dropped. */
  async #overwriteFreePages(): Promise<void> {
    const connection = this.#connection
    connection.transaction(() => connection.run('CREATE TABLE IF NOT EXISTS zeros (bytes BLOB)'))
    const fill = connection.prepare('INSERT INTO zeros VALUES (zeroblob(?))')
    const steps = Math.ceil(this.#number('freelist_count') / PAGES_PER_STEP)
    for (let step = 0; step < steps; step++) {
      const pages = Math.min(this.#number('freelist_count'), PAGES_PER_STEP)
      const bytes = pages * (this.#number('page_size') - POINTER_BYTES)
      connection.transaction(() => fill.run(bytes))
      await turn()
    }
    const empty = connection.prepare(
      'DELETE FROM zeros WHERE rowid = (SELECT max(rowid) FROM zeros)',
    )
    while (connection.transaction(() => changesOf(empty)) > 0) await turn()
    connection.transaction(() => connection.run('DROP TABLE zeros'))
  }

  #number(pragma: 'page_count' | 'page_size' | 'freelist_count'): number {
    return Number(this.#connection.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
  }
}

function changesOf(statement: StatementSync): number {
  return Number(statement.run().changes)
}
