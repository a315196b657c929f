import type { StatementSync } from 'node:sqlite'
import type { StoredKey } from '../store.ts'
import type { Connection } from './connection.ts'
import type { Collections } from './inbox.ts'
import { KIND, type Kind } from './schema.ts'
import { inboxOfCount, NEVER_AT, viewsOf } from './unread.ts'

interface Row {
  readonly key: string
  readonly kind: Kind
  readonly value: string
  readonly expires_at: number | null
}

const PAGE = 200
const LAST = '\u{10ffff}'

/** Every key with what it holds, in order of name, a page at a time. */
export class Listing {
  readonly #store: Collections
  readonly #page: StatementSync

  constructor(connection: Connection, collections: Collections) {
    this.#store = collections
    this.#page = connection.prepare(
      `SELECT key, kind, value, expires_at FROM keys
       WHERE key > ? AND key <= ? AND (expires_at IS NULL OR expires_at > ?)
       ORDER BY key LIMIT ${PAGE}`,
    )
  }

  /** `match` is a pattern of Redis's kind: `*`, `?`, `[…]`. */
  *keys(match: string): Generator<StoredKey> {
    const pattern = globToRegExp(match)
    const literal = match.slice(0, match.search(/[*?[\\]|$/))
    // The views of an inbox are found under its name, a neighbour of theirs.
    const prefix = literal.includes('user:')
      ? literal.slice(0, literal.lastIndexOf(':') + 1)
      : literal
    let after = prefix.slice(0, -1)
    while (true) {
      const now = this.#store.keys.now
      const rows = this.#page.all(after, prefix + LAST, now) as unknown as Row[]
      for (const row of rows) yield* this.#described(row, pattern)
      if (rows.length < PAGE) return
      after = rows.at(-1)!.key
    }
  }

  *#described(row: Row, pattern: RegExp): Generator<StoredKey> {
    if (inboxOfCount(row.key) !== null) return
    const ttlMs = row.expires_at === null ? null : row.expires_at - this.#store.keys.now
    const at = { partition: 0, ttlMs }
    if (pattern.test(row.key)) yield { ...at, key: row.key, ...this.#content(row) }
    const views = row.kind === KIND.list ? viewsOf(row.key) : null
    if (views === null) return
    const unread = this.#store.unread.range(row.key, 0, NEVER_AT, -1)
    if (unread.length > 0 && pattern.test(views.unread)) {
      const value = unread.map((one) => [one.member, one.score] as const)
      yield { ...at, key: views.unread, kind: 'zset', value }
    }
    if (pattern.test(views.count)) {
      yield { ...at, key: views.count, kind: 'string', value: String(unread.length) }
    }
  }

  #content({ key, kind, value }: Row) {
    const { lists, sets, zsets } = this.#store
    switch (kind) {
      case KIND.string:
        return { kind: 'string', value } as const
      case KIND.list:
        return { kind: 'list', value: lists.range(key, 0, -1) } as const
      case KIND.set:
        return { kind: 'set', value: sets.members(key) } as const
      case KIND.zset: {
        const scored = zsets.byScore(key, -Infinity, Infinity, -1)
        return {
          kind: 'zset',
          value: scored.map((one) => [one.member, one.score] as const),
        } as const
      }
    }
  }
}

function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\\.|\[[^\]]*\]|[\s\S]/g, (token) => {
    if (token === '*') return '.*'
    if (token === '?') return '.'
    if (token.length > 1) return token
    return token.replace(/[.+^${}()|[\]\\]/, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}
