import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { messageOf, Unavailable } from '../../support/errors.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** How long a start waits for the process that is just letting go of the file. */
const LOCK_WAIT_MS = 2_000

/**
 * The open file. It belongs to this process alone (an exclusive lock that ends
 * with the process, however it ends), which is what lets the rest keep in memory
 * what it knows of the tables. Every change runs inside one of the transactions.
 */
export class Connection {
  readonly #db: DatabaseSync
  readonly #onRollback: (() => void)[] = []
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #full: StatementSync
  readonly #normal: StatementSync
  #durable = true

  /** Raises `Unavailable` when another process has the file or it cannot be opened. */
  constructor(path: string) {
    this.#db = openDatabase(path)
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE')
    this.#commit = this.#db.prepare('COMMIT')
    this.#full = this.#db.prepare('PRAGMA synchronous = FULL')
    this.#normal = this.#db.prepare('PRAGMA synchronous = NORMAL')
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql)
  }

  /** What is remembered of the tables has to be forgotten when changes are undone. */
  onRollback(forget: () => void): void {
    this.#onRollback.push(forget)
  }

  /** Runs changes that survive a loss of power once this returns. */
  durably<T>(change: () => T): T {
    return this.#transaction(change, true)
  }

  /** Runs changes that survive a crash of the process, but perhaps not a loss of power. */
  quickly<T>(change: () => T): T {
    return this.#transaction(change, false)
  }

  /** Runs a part of a transaction that may fail without the rest. */
  isolated<T>(change: () => T): T {
    this.#db.exec('SAVEPOINT part')
    try {
      const result = change()
      this.#db.exec('RELEASE part')
      return result
    } catch (error) {
      this.#db.exec('ROLLBACK TO part; RELEASE part')
      this.#forget()
      throw error
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #transaction<T>(change: () => T, durable: boolean): T {
    if (durable !== this.#durable) (durable ? this.#full : this.#normal).run()
    this.#durable = durable
    this.#begin.run()
    try {
      const result = change()
      this.#commit.run()
      return result
    } catch (error) {
      // A full disk has undone the transaction already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      this.#forget()
      throw error
    }
  }

  #forget(): void {
    for (const forget of this.#onRollback) forget()
  }
}

function openDatabase(path: string): DatabaseSync {
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(path, { timeout: LOCK_WAIT_MS })
    db.exec(SCHEMA)
    requireVersion(db)
    return db
  } catch (error) {
    db?.close()
    const locked = messageOf(error).includes('locked')
    throw new Unavailable(
      locked
        ? `The store ${path} is in use by another process; one file serves one process.`
        : `The store ${path} cannot be opened: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

function requireVersion(db: DatabaseSync): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as {
    user_version: number
  }
  if (found === 0) db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  else if (found !== SCHEMA_VERSION) {
    throw new Error(`its layout is version ${found}, this release reads ${SCHEMA_VERSION}`)
  }
}
