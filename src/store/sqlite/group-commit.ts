import { Batcher } from '../../support/batcher.ts'
import { Unavailable } from '../../support/errors.ts'
import type { Outcome, Write } from '../store.ts'
import { WrongKind } from './key-space.ts'
import type { Tables } from './tables.ts'

const WRITES_PER_TRANSACTION = 256
/** While one is being synced, the next can be written. */
const BATCHES_AT_ONCE = 2

/**
 * One transaction for the writes of a turn. A write that fails is left out of it:
 * the transaction is undone and run again with every write in a part of its own.
 */
export class GroupCommit {
  readonly #tables: Tables
  readonly #batches: Batcher<Write, Outcome | Error>

  constructor(tables: Tables) {
    this.#tables = tables
    this.#batches = new Batcher((writes) => this.#run(writes), {
      size: WRITES_PER_TRANSACTION,
      inFlight: BATCHES_AT_ONCE,
    })
  }

  /** Resolves when the write is on the disk. */
  async add(write: Write): Promise<Outcome> {
    const outcome = await this.#batches.add(write)
    if (outcome instanceof Error) throw outcome
    return outcome
  }

  /** Resolves when everything that was added before is done. */
  async settled(): Promise<void> {
    await this.#batches.add({ partition: 0, ops: [] })
  }

  async #run(writes: readonly Write[]): Promise<readonly (Outcome | Error)[]> {
    const outcomes = this.#apply(writes)
    try {
      await this.#tables.connection.sync()
      return outcomes
    } catch (error) {
      return writes.map(() => failure(error))
    }
  }

  #apply(writes: readonly Write[]): readonly (Outcome | Error)[] {
    const { connection, keys, writes: tables } = this.#tables
    try {
      return connection.transaction(() => writes.map((write) => tables.apply(write)))
    } catch {
      return this.#applyApart(writes)
    } finally {
      keys.trimMemory()
    }
  }

  #applyApart(writes: readonly Write[]): readonly (Outcome | Error)[] {
    const { connection, writes: tables } = this.#tables
    try {
      return connection.transaction(() =>
        writes.map((write) => {
          try {
            return connection.isolated(() => tables.apply(write))
          } catch (error) {
            return failure(error)
          }
        }),
      )
    } catch (error) {
      return writes.map(() => failure(error))
    }
  }
}

/** What the database itself could not do is the store being away; the rest is the write's fault. */
export function failure(error: unknown): Error {
  if (error instanceof Unavailable || error instanceof WrongKind) return error
  const { code } = error as { code?: unknown }
  if (code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE') {
    return new Unavailable('The embedded store failed.', { cause: error })
  }
  return error instanceof Error ? error : new Error(String(error))
}
