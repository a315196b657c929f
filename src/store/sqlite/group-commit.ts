import { Batcher } from '../../support/batcher.ts'
import { Unavailable } from '../../support/errors.ts'
import type { Outcome, Write } from '../store.ts'
import { WrongKind } from './key-space.ts'
import type { Tables } from './tables.ts'

const WRITES_PER_TRANSACTION = 256

/**
 * One transaction for the writes of a turn. A write that fails is left out of it:
 * the transaction is undone and run again with every write in a part of its own.
 */
export class GroupCommit {
  readonly #tables: Tables
  readonly #batches: Batcher<Write, Outcome | Error>

  constructor(tables: Tables) {
    this.#tables = tables
    this.#batches = new Batcher(async (writes) => this.#run(writes), {
      size: WRITES_PER_TRANSACTION,
      inFlight: 1,
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

  #run(writes: readonly Write[]): readonly (Outcome | Error)[] {
    const { connection, keys, writes: tables } = this.#tables
    try {
      return connection.durably(() => writes.map((write) => tables.apply(write)))
    } catch {
      return this.#runApart(writes)
    } finally {
      keys.trimMemory()
    }
  }

  #runApart(writes: readonly Write[]): readonly (Outcome | Error)[] {
    const { connection, writes: tables } = this.#tables
    try {
      return connection.durably(() =>
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
