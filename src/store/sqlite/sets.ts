import type { StatementSync } from 'node:sqlite'
import type { Page } from '../store.ts'
import type { Connection } from './connection.ts'
import type { KeySpace } from './key-space.ts'
import { KIND } from './schema.ts'

/** Sets, in order of their members. */
export class Sets {
  readonly #keys: KeySpace
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #one: StatementSync
  readonly #page: StatementSync

  constructor(connection: Connection, keys: KeySpace) {
    this.#keys = keys
    this.#insert = connection.prepare('INSERT OR IGNORE INTO set_items (id, member) VALUES (?, ?)')
    this.#delete = connection.prepare('DELETE FROM set_items WHERE id = ? AND member = ?')
    this.#one = connection.prepare('SELECT 1 FROM set_items WHERE id = ? AND member = ?')
    this.#page = connection.prepare(
      'SELECT member FROM set_items WHERE id = ? AND member > ? ORDER BY member LIMIT ?',
    )
  }

  /** Answers how many were added: 0 or 1. */
  add(key: string, member: string): number {
    const set = this.#keys.open(key, KIND.set)
    const added = Number(this.#insert.run(set.id, member).changes)
    set.size += added
    return added
  }

  remove(key: string, member: string): number {
    const set = this.#keys.find(key, KIND.set)
    if (set === null) return 0
    const removed = Number(this.#delete.run(set.id, member).changes)
    this.#keys.shrink(set, removed)
    return removed
  }

  has(key: string, member: string): boolean {
    const set = this.#keys.find(key, KIND.set)
    return set !== null && this.#one.get(set.id, member) !== undefined
  }

  size(key: string): number {
    return this.#keys.find(key, KIND.set)?.size ?? 0
  }

  members(key: string): string[] {
    const set = this.#keys.find(key, KIND.set)
    if (set === null) return []
    const rest = this.#after(set.id, '', -1)
    // The empty text comes before every cursor.
    return this.has(key, '') ? ['', ...rest] : rest
  }

  /** The members after `cursor`, the last one seen. */
  scan(key: string, cursor: string | null, limit: number): Page {
    const set = this.#keys.find(key, KIND.set)
    if (set === null) return { members: [], cursor: null }
    const page = this.#after(set.id, cursor ?? '', limit)
    const members = cursor === null && this.has(key, '') ? ['', ...page] : page
    return { members, cursor: page.length < limit ? null : page.at(-1)! }
  }

  #after(id: number, member: string, limit: number): string[] {
    const rows = this.#page.all(id, member, limit) as unknown as { member: string }[]
    return rows.map((row) => row.member)
  }
}
