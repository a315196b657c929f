import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import type { KeySpace } from './key-space.ts'
import { KIND } from './schema.ts'

/** The last moment that a date can say: unread for ever. */
export const NEVER_AT = 8.64e15
const INBOX = ':notifications'
const UNREAD = ':unread'
const COUNT = ':unread_notifications'
const OF_A_USER = /^(t:[^:]*:)?user:/

/**
 * What is unread is marked in the inbox itself, so that a notification is one row
 * and the count cannot drift from the list. The keys `user:<user>:unread` (sorted
 * set of id and moment) and `…:unread_notifications` (how many) are views of it.
 */
export class Unread {
  readonly #keys: KeySpace
  readonly #mark: StatementSync
  readonly #clear: StatementSync
  readonly #count: StatementSync
  readonly #range: StatementSync

  constructor(connection: Connection, keys: KeySpace) {
    this.#keys = keys
    this.#mark = connection.prepare(
      'UPDATE list_items SET unread_until = ? WHERE id = ? AND value = ?',
    )
    this.#clear = connection.prepare('UPDATE list_items SET unread_until = NULL WHERE id = ?')
    this.#count = connection.prepare(
      'SELECT count(*) AS size FROM list_items WHERE id = ? AND unread_until > ?',
    )
    this.#range = connection.prepare(
      `SELECT value AS member, unread_until AS score FROM list_items
       WHERE id = ? AND unread_until > ? AND unread_until BETWEEN ? AND ?
       ORDER BY score, member LIMIT ?`,
    )
  }

  /** Marks a notification that is in the inbox; `until` `null`: it is read. */
  mark(inbox: string, id: string, until: number | null): number {
    const list = this.#keys.find(inbox, KIND.list)
    return list === null ? 0 : Number(this.#mark.run(until, list.id, id).changes)
  }

  clear(inbox: string): void {
    const list = this.#keys.find(inbox, KIND.list)
    if (list !== null) this.#clear.run(list.id)
  }

  /** How many are unread now. */
  count(inbox: string): number {
    const list = this.#keys.find(inbox, KIND.list)
    if (list === null) return 0
    return (this.#count.get(list.id, this.#keys.now) as { size: number }).size
  }

  /** The unread ones that stay so until a moment in [`from`, `to`]. */
  range(inbox: string, from: number, to: number, limit: number): Member[] {
    const list = this.#keys.find(inbox, KIND.list)
    if (list === null) return []
    return this.#range.all(list.id, this.#keys.now, from, to, limit) as unknown as Member[]
  }
}

interface Member {
  readonly member: string
  readonly score: number
}

/** The inbox that `user:<user>:unread` is a view of; `null` for any other key. */
export function inboxOfUnread(key: string): string | null {
  return key.endsWith(UNREAD) && OF_A_USER.test(key) ? key.slice(0, -UNREAD.length) + INBOX : null
}

/** The inbox that `user:<user>:unread_notifications` counts; `null` for any other key. */
export function inboxOfCount(key: string): string | null {
  return key.endsWith(COUNT) && OF_A_USER.test(key) ? key.slice(0, -COUNT.length) + INBOX : null
}

/** The views of an inbox; `null` when the key is not an inbox. */
export function viewsOf(key: string): { readonly unread: string; readonly count: string } | null {
  if (!key.endsWith(INBOX) || !OF_A_USER.test(key)) return null
  const owner = key.slice(0, -INBOX.length)
  return { unread: owner + UNREAD, count: owner + COUNT }
}
