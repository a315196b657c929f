import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import type { KeySpace } from './key-space.ts'
import { type CollectionKind, ITEMS, KIND } from './schema.ts'

const KEYS_PER_STEP = 500
const ITEMS_PER_STEP = 2_000

/** Takes out of the file what can no longer be seen, in steps of a few milliseconds. */
export class Sweeper {
  readonly #connection: Connection
  readonly #keys: KeySpace
  readonly #ended: StatementSync
  readonly #garbage: StatementSync
  readonly #cleared: StatementSync
  readonly #clear: Readonly<Record<CollectionKind, StatementSync>>

  constructor(connection: Connection, keys: KeySpace) {
    this.#connection = connection
    this.#keys = keys
    this.#ended = connection.prepare(
      'SELECT key FROM keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?',
    )
    this.#garbage = connection.prepare('SELECT id, kind FROM garbage LIMIT 100')
    this.#cleared = connection.prepare('DELETE FROM garbage WHERE id = ?')
    const clear = (kind: CollectionKind) => {
      const { table, order } = ITEMS[kind]
      return connection.prepare(
        `DELETE FROM ${table} WHERE id = ?1
         AND ${order} IN (SELECT ${order} FROM ${table} WHERE id = ?1 LIMIT ?2)`,
      )
    }
    this.#clear = {
      [KIND.list]: clear(KIND.list),
      [KIND.set]: clear(KIND.set),
      [KIND.zset]: clear(KIND.zset),
    }
  }

  /** One step; answers whether more is left to do. */
  sweep(): boolean {
    const ended = this.#ended.all(this.#keys.now, KEYS_PER_STEP) as unknown as { key: string }[]
    const garbage = this.#garbage.all() as unknown as { id: number; kind: CollectionKind }[]
    if (ended.length === 0 && garbage.length === 0) return false
    return this.#connection.transaction(() => {
      for (const { key } of ended) this.#keys.delete(key)
      return this.#clearItems(garbage) || ended.length === KEYS_PER_STEP
    })
  }

  #clearItems(garbage: readonly { id: number; kind: CollectionKind }[]): boolean {
    let left = ITEMS_PER_STEP
    for (const { id, kind } of garbage) {
      const cleared = Number(this.#clear[kind].run(id, left).changes)
      if (cleared === left) return true
      this.#cleared.run(id)
      left -= cleared
    }
    return false
  }
}
