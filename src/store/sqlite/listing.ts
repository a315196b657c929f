import type { StatementSync } from 'node:sqlite'
import type { StoredKey } from '../store.ts'
import type { Connection } from './connection.ts'
import { type Collections, countedBy, countOf } from './inbox.ts'
import { KIND, type Kind } from './schema.ts'

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
    const prefix = match.slice(0, match.search(/[*?[\\]|$/))
    // A counter is listed with the set that it counts, which sorts just before it.
    const from = countedBy(prefix) ?? prefix
    let after = from.slice(0, -1)
    while (true) {
      const now = this.#store.keys.now
      const rows = this.#page.all(after, prefix + LAST, now) as unknown as Row[]
      for (const row of rows) yield* this.#described(row, pattern)
      if (rows.length < PAGE) return
      after = rows.at(-1)!.key
    }
  }

  *#described(row: Row, pattern: RegExp): Generator<StoredKey> {
    if (countedBy(row.key) !== null) return
    const { keys, zsets } = this.#store
    const ttlMs = row.expires_at === null ? null : row.expires_at - keys.now
    const at = { partition: 0, ttlMs }
    if (pattern.test(row.key)) yield { ...at, key: row.key, ...this.#content(row) }
    const count = row.kind === KIND.zset ? countOf(row.key) : null
    if (count !== null && pattern.test(count)) {
      const value = String(zsets.countAbove(row.key, keys.now))
      yield { ...at, key: count, kind: 'string', value }
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
