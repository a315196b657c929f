import { closeSync, fdatasync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { messageOf, Unavailable } from '../../support/errors.ts'
import { Checkpoints } from './checkpoints.ts'
import { FileLock } from './file-lock.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

export interface ConnectionOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Called when the log can no longer be copied in the background. */
  readonly onFailure: (error: Error) => void
}

const synced = promisify(fdatasync)
/** The thread that copies the log may hold the file for a moment. */
const BUSY_MS = 5_000
/** Pages of the log at which the owner copies it when the thread is gone. */
const AUTO_CHECKPOINT = 2_000

/**
 * The open file. It belongs to this process alone, which is what lets the rest
 * keep in memory what it knows of the tables. Every change runs inside a
 * transaction; it survives a crash of the process from then on, and a loss of
 * power once the log is synced, which happens while the event loop goes on.
 */
export class Connection {
  readonly #db: DatabaseSync
  readonly #lock: FileLock | null
  readonly #checkpoints: Checkpoints | null
  readonly #onRollback: (() => void)[] = []
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  /** The log that transactions are written to; `null` in memory. */
  readonly #log: number | null
  #lost: Unavailable | null = null

  /** Raises `Unavailable` when another process has the file or it cannot be opened. */
  constructor({ path, onFailure }: ConnectionOptions) {
    const inMemory = path === ':memory:'
    this.#lock = inMemory ? null : new FileLock(path)
    this.#db = openDatabase(path, this.#lock)
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE')
    this.#commit = this.#db.prepare('COMMIT')
    this.#log = inMemory ? null : openSync(`${path}-wal`, 'r+')
    this.#checkpoints = inMemory ? null : this.#startCheckpoints(path, onFailure)
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql)
  }

  /** What is remembered of the tables has to be forgotten when changes are undone. */
  onRollback(forget: () => void): void {
    this.#onRollback.push(forget)
  }

  /** Runs changes all or none. */
  transaction<T>(change: () => T): T {
    if (this.#lost) throw this.#lost
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

  /**
   * Resolves when every transaction until now is on the disk. A disk that failed
   * to keep what it was given is not believed again (what it says next may speak
   * of later pages only): raises `Unavailable` from then on, as transactions do.
   */
  async sync(): Promise<void> {
    if (this.#log === null) return
    try {
      await synced(this.#log)
    } catch (error) {
      this.#lost ??= new Unavailable(`The store cannot be synced: ${messageOf(error)}`, {
        cause: error,
      })
    }
    if (this.#lost) throw this.#lost
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

  /** Runs a statement that says nothing and is asked for seldom. */
  run(sql: string): void {
    this.#db.exec(sql)
  }

  /** Writes the whole file anew, without what was deleted; everything else waits. */
  rewrite(): void {
    this.#db.exec('PRAGMA temp_store = MEMORY; VACUUM')
  }

  /** Copies the log into the file and cuts it off. */
  emptyLog(): void {
    const { busy } = this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number }
    if (busy !== 0) throw new Error('the log is in use')
  }

  async close(): Promise<void> {
    await this.#checkpoints?.stop()
    if (this.#log !== null && this.#db.isOpen) closeSync(this.#log)
    if (this.#db.isOpen) this.#db.close()
    this.#lock?.release()
  }

  #startCheckpoints(path: string, onFailure: (error: Error) => void): Checkpoints {
    this.#db.exec('PRAGMA wal_autocheckpoint = 0')
    const rest = this.#db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    return new Checkpoints(path, {
      onNearlyDone: () => {
        if (this.#db.isOpen) rest.get()
      },
      onFailure: (error) => {
        if (this.#db.isOpen) this.#db.exec(`PRAGMA wal_autocheckpoint = ${AUTO_CHECKPOINT}`)
        onFailure(error)
      },
    })
  }

  #forget(): void {
    for (const forget of this.#onRollback) forget()
  }
}

function openDatabase(path: string, lock: FileLock | null): DatabaseSync {
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS })
    db.exec(SCHEMA)
    requireVersion(db)
    return db
  } catch (error) {
    db?.close()
    lock?.release()
    throw new Unavailable(`The store ${path} cannot be opened: ${messageOf(error)}`, {
      cause: error,
    })
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
