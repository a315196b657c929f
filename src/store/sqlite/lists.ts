import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import type { Collection, KeySpace } from './key-space.ts'
import { KIND } from './schema.ts'

interface Item {
  readonly position: number
  readonly value: string
}

/** Lists as Redis has them: index 0 is the newest, and is where `push` adds. */
export class Lists {
  readonly #keys: KeySpace
  readonly #insert: StatementSync
  readonly #slice: StatementSync
  readonly #sliceFromOldest: StatementSync
  readonly #oldest: StatementSync
  readonly #dropOldest: StatementSync
  readonly #dropUpTo: StatementSync
  readonly #dropValue: StatementSync
  readonly #find: StatementSync

  constructor(connection: Connection, keys: KeySpace) {
    this.#keys = keys
    this.#insert = connection.prepare(
      'INSERT INTO list_items (id, position, value, unread_until) VALUES (?, ?, ?, ?)',
    )
    const slice = (order: string) =>
      `SELECT value FROM list_items WHERE id = ? ORDER BY position ${order} LIMIT ? OFFSET ?`
    this.#slice = connection.prepare(slice('DESC'))
    this.#sliceFromOldest = connection.prepare(slice('ASC'))
    this.#oldest = connection.prepare(
      'SELECT position, value FROM list_items WHERE id = ? ORDER BY position LIMIT ?',
    )
    this.#dropOldest = connection.prepare(
      `DELETE FROM list_items
       WHERE id = ?1 AND position = (SELECT min(position) FROM list_items WHERE id = ?1)
       RETURNING value`,
    )
    this.#dropUpTo = connection.prepare('DELETE FROM list_items WHERE id = ? AND position <= ?')
    this.#find = connection.prepare('SELECT 1 FROM list_items WHERE id = ? AND value = ? LIMIT 1')
    this.#dropValue = connection.prepare('DELETE FROM list_items WHERE id = ? AND value = ?')
  }

  length(key: string): number {
    return this.#keys.find(key, KIND.list)?.size ?? 0
  }

  includes(key: string, value: string): boolean {
    const list = this.#keys.find(key, KIND.list)
    return list !== null && this.#find.get(list.id, value) !== undefined
  }

  push(key: string, value: string, unreadUntil: number | null = null): Collection {
    const list = this.#keys.open(key, KIND.list)
    list.newest += 1
    this.#insert.run(list.id, list.newest, value, unreadUntil)
    list.size += 1
    return list
  }

  /** Adds at the old end: what is taken from there is taken next. */
  pushOldest(key: string, value: string): void {
    const list = this.#keys.open(key, KIND.list)
    list.oldest -= 1
    this.#insert.run(list.id, list.oldest, value, null)
    list.size += 1
  }

  /** Keeps the newest `cap` (0: all) and answers with what fell off. */
  trim(list: Collection, cap: number): string[] {
    const fallen: string[] = []
    while (cap > 0 && list.size > cap) {
      const row = this.#dropOldest.get(list.id) as { value: string }
      this.#keys.shrink(list, 1)
      fallen.push(row.value)
    }
    return fallen
  }

  /** Removes every occurrence; answers how many. */
  pull(key: string, value: string): number {
    const list = this.#keys.find(key, KIND.list)
    if (list === null) return 0
    const removed = Number(this.#dropValue.run(list.id, value).changes)
    this.#keys.shrink(list, removed)
    return removed
  }

  /** Items `start` to `stop` (inclusive, negative from the end), newest first. */
  range(key: string, start: number, stop: number): string[] {
    const list = this.#keys.find(key, KIND.list)
    if (list === null) return []
    const first = Math.max(0, start < 0 ? list.size + start : start)
    const last = Math.min(list.size - 1, stop < 0 ? list.size + stop : stop)
    if (first > last) return []
    const count = last - first + 1
    const behind = list.size - 1 - last
    if (behind >= first) return values(this.#slice.all(list.id, count, first))
    return values(this.#sliceFromOldest.all(list.id, count, behind)).reverse()
  }

  /** Removes and returns up to `max` of the oldest for which `wanted` holds, oldest first. */
  shift(key: string, max: number, wanted: (value: string) => boolean = () => true): string[] {
    const list = this.#keys.find(key, KIND.list)
    if (list === null || max <= 0) return []
    const items = this.#oldest.all(list.id, max) as unknown as Item[]
    const end = items.findIndex(({ value }) => !wanted(value))
    const taken = end < 0 ? items : items.slice(0, end)
    if (taken.length === 0) return []
    this.#dropUpTo.run(list.id, taken.at(-1)!.position)
    this.#keys.shrink(list, taken.length)
    return taken.map(({ value }) => value)
  }
}

function values(rows: readonly unknown[]): string[] {
  return (rows as { value: string }[]).map(({ value }) => value)
}
