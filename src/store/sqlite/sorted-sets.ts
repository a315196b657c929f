import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import type { KeySpace } from './key-space.ts'
import { KIND } from './schema.ts'

/** A member with its score; `note` is a number that goes with it, for our own use. */
export interface Scored {
  readonly member: string
  readonly score: number
  readonly note: number | null
}

/** Sorted sets, in order of score, then of name. */
export class SortedSets {
  readonly #keys: KeySpace
  readonly #insert: StatementSync
  readonly #move: StatementSync
  readonly #delete: StatementSync
  readonly #deleteUpTo: StatementSync
  readonly #one: StatementSync
  readonly #countAbove: StatementSync
  readonly #byScore: StatementSync
  readonly #after: StatementSync

  constructor(connection: Connection, keys: KeySpace) {
    this.#keys = keys
    this.#insert = connection.prepare(
      'INSERT OR IGNORE INTO zset_items (id, member, score, note) VALUES (?, ?, ?, ?)',
    )
    this.#move = connection.prepare(
      'UPDATE zset_items SET score = ?, note = ? WHERE id = ? AND member = ?',
    )
    this.#delete = connection.prepare('DELETE FROM zset_items WHERE id = ? AND member = ?')
    this.#deleteUpTo = connection.prepare('DELETE FROM zset_items WHERE id = ? AND score <= ?')
    this.#one = connection.prepare(
      'SELECT member, score, note FROM zset_items WHERE id = ? AND member = ?',
    )
    this.#countAbove = connection.prepare(
      'SELECT count(*) AS size FROM zset_items WHERE id = ? AND score > ?',
    )
    this.#byScore = connection.prepare(
      `SELECT member, score, note FROM zset_items WHERE id = ? AND score BETWEEN ? AND ?
       ORDER BY score, member LIMIT ?`,
    )
    this.#after = connection.prepare(
      `SELECT member FROM zset_items WHERE id = ? AND (score, member) > (?, ?)
       ORDER BY score, member LIMIT ?`,
    )
  }

  /** Adds a member or moves it to `score`; answers how many are new: 0 or 1. */
  add(key: string, score: number, member: string, note: number | null = null): number {
    const before = this.get(key, member)
    if (before === null) return Number(this.addNew(key, score, member, note))
    if (before.score !== score || before.note !== note) {
      this.#move.run(score, note, this.#keys.open(key, KIND.zset).id, member)
    }
    return 0
  }

  /** Adds a member unless it is there; answers whether it was added. */
  addNew(key: string, score: number, member: string, note: number | null): boolean {
    const zset = this.#keys.open(key, KIND.zset)
    const added = Number(this.#insert.run(zset.id, member, score, note).changes)
    zset.size += added
    return added > 0
  }

  remove(key: string, member: string): number {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return 0
    const removed = Number(this.#delete.run(zset.id, member).changes)
    this.#keys.shrink(zset, removed)
    return removed
  }

  /** Removes every member with a score up to `score`. */
  removeUpTo(key: string, score: number): void {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return
    this.#keys.shrink(zset, Number(this.#deleteUpTo.run(zset.id, score).changes))
  }

  get(key: string, member: string): Scored | null {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return null
    return (this.#one.get(zset.id, member) as Scored | undefined) ?? null
  }

  size(key: string): number {
    return this.#keys.find(key, KIND.zset)?.size ?? 0
  }

  /** How many members have a score above `score`. */
  countAbove(key: string, score: number): number {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return 0
    return (this.#countAbove.get(zset.id, score) as { size: number }).size
  }

  /** Members with a score in [`from`, `to`], lowest first; a negative `limit` means all. */
  byScore(key: string, from: number, to: number, limit: number): Scored[] {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return []
    return this.#byScore.all(zset.id, from, to, limit) as unknown as Scored[]
  }

  /** Members past `after`; where `after` is gone, past where its name would be. */
  byName(key: string, after: string, limit: number): string[] {
    const zset = this.#keys.find(key, KIND.zset)
    if (zset === null) return []
    const from = this.#scoreBefore(key, after)
    const rows = this.#after.all(zset.id, from, after, limit) as unknown as { member: string }[]
    return rows.map(({ member }) => member)
  }

  #scoreBefore(key: string, after: string): number {
    if (after === '') return Number.NEGATIVE_INFINITY
    const found = this.get(key, after) ?? this.byScore(key, -Infinity, Infinity, 1)[0]
    return found?.score ?? Number.NEGATIVE_INFINITY
  }
}
