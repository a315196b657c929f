import type { StatementSync } from 'node:sqlite'
import type { Clock } from '../../support/clock.ts'
import type { Connection } from './connection.ts'
import { type CollectionKind, ITEMS, KIND, type Kind } from './schema.ts'

/** What is known of a list, set or sorted set without looking at its items. */
export interface Collection {
  readonly key: string
  readonly id: number
  readonly kind: CollectionKind
  /** Epoch milliseconds; `null` without end. */
  expiresAt: number | null
  size: number
  /** Lists only: every position lies within these. */
  oldest: number
  newest: number
}

interface Row {
  readonly kind: Kind
  readonly value: string | number
  readonly expires_at: number | null
}

/** A key holds another kind of value than the operation is for. */
export class WrongKind extends Error {
  constructor(key: string) {
    super(`The key ${key} holds another kind of value.`)
    this.name = 'WrongKind'
  }
}

const REMEMBERED = 100_000
/** Counting a collection of this size again would cost too much to forget it. */
const LARGE = 1_000

/**
 * All keys: strings, and the heads of collections. Collections that were used
 * lately are remembered, also that there is none; nobody else changes the file.
 * What has expired is not there, whether or not it has been purged.
 */
export class KeySpace {
  readonly #clock: Clock
  readonly #known = new Map<string, Collection | null>()
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #claim: StatementSync
  readonly #create: StatementSync
  readonly #change: StatementSync
  readonly #end: StatementSync
  readonly #delete: StatementSync
  readonly #deleteString: StatementSync
  readonly #discard: StatementSync
  readonly #measure: Readonly<Record<CollectionKind, StatementSync>>
  #lastId: number

  constructor(connection: Connection, clock: Clock) {
    this.#clock = clock
    connection.onRollback(() => this.#known.clear())
    this.#select = connection.prepare('SELECT kind, value, expires_at FROM keys WHERE key = ?')
    this.#put = connection.prepare(
      `INSERT INTO keys (key, kind, expires_at, value) VALUES (?, ${KIND.string}, ?, ?)
       ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, value = excluded.value
       WHERE kind = ${KIND.string}`,
    )
    this.#claim = connection.prepare(
      `INSERT INTO keys (key, kind, expires_at, value) VALUES (?1, ${KIND.string}, ?2, ?3)
       ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, value = excluded.value
       WHERE kind = ${KIND.string} AND expires_at <= ?4`,
    )
    this.#create = connection.prepare(
      'INSERT OR REPLACE INTO keys (key, kind, expires_at, value) VALUES (?, ?, NULL, ?)',
    )
    this.#change = connection.prepare('UPDATE keys SET value = ? WHERE key = ?')
    this.#end = connection.prepare('UPDATE keys SET expires_at = ? WHERE key = ?')
    this.#delete = connection.prepare('DELETE FROM keys WHERE key = ? RETURNING kind, value')
    this.#deleteString = connection.prepare(
      `DELETE FROM keys WHERE key = ? AND kind = ${KIND.string}`,
    )
    this.#discard = connection.prepare('INSERT INTO garbage (id, kind) VALUES (?, ?)')
    this.#measure = {
      [KIND.list]: connection.prepare(
        `SELECT count(*) AS size, min(position) AS oldest, max(position) AS newest
         FROM list_items WHERE id = ?`,
      ),
      [KIND.set]: connection.prepare('SELECT count(*) AS size FROM set_items WHERE id = ?'),
      [KIND.zset]: connection.prepare('SELECT count(*) AS size FROM zset_items WHERE id = ?'),
    }
    this.#lastId = highestId(connection)
  }

  get now(): number {
    return this.#clock.now()
  }

  /** The value of a string; `null` for anything else. */
  get(key: string): string | null {
    const row = this.#row(key)
    return row !== null && row.kind === KIND.string ? (row.value as string) : null
  }

  /** When a key ends (`null`: never); `undefined` when it is not there. */
  expiryOf(key: string): number | null | undefined {
    return this.#row(key)?.expires_at
  }

  set(key: string, value: string, expiresAt: number | null): void {
    if (Number(this.#put.run(key, expiresAt, value).changes) === 0) {
      this.delete(key)
      this.#put.run(key, expiresAt, value)
    }
    this.#known.delete(key)
  }

  /** Sets a string unless the key is there; answers whether it was set. */
  claim(key: string, value: string, expiresAt: number | null): boolean {
    if (Number(this.#claim.run(key, expiresAt, value, this.#clock.now()).changes) === 0) {
      if (this.expiryOf(key) !== undefined) return false
      this.set(key, value, expiresAt)
    }
    this.#known.delete(key)
    return true
  }

  increment(key: string, by: number, expiresAt: number | null): number {
    const row = this.#row(key)
    if (row === null) {
      this.set(key, String(by), expiresAt)
      return by
    }
    const before = row.kind === KIND.string ? Number(row.value) : Number.NaN
    const after = before + by
    if (row.value === '' || !Number.isSafeInteger(after)) throw new WrongKind(key)
    this.#change.run(String(after), key)
    if (expiresAt !== null) this.expire(key, expiresAt)
    return after
  }

  /** Answers whether there was anything to delete. */
  delete(key: string): boolean {
    const known = this.#known.get(key)
    if (!known && Number(this.#deleteString.run(key).changes) > 0) return true
    if (known === null) return false
    const row = this.#delete.get(key) as Pick<Row, 'kind' | 'value'> | undefined
    this.#known.delete(key)
    if (row === undefined) return false
    if (row.kind !== KIND.string) this.#discard.run(row.value, row.kind)
    return true
  }

  expire(key: string, expiresAt: number | null): boolean {
    if (this.expiryOf(key) === undefined) return false
    this.#end.run(expiresAt, key)
    const known = this.#known.get(key)
    if (known) known.expiresAt = expiresAt
    return true
  }

  /** How many items a collection of any kind has. */
  size(key: string): number {
    return this.#collection(key)?.size ?? 0
  }

  /** The collection under a key, for reading. Raises `WrongKind`. */
  find(key: string, kind: CollectionKind): Collection | null {
    const found = this.#collection(key)
    if (found !== null && found.kind !== kind) throw new WrongKind(key)
    return found
  }

  /** The collection under a key, for adding to it. Raises `WrongKind`. */
  open(key: string, kind: CollectionKind): Collection {
    const found = this.#collection(key)
    if (found !== null && found.kind === kind) return found
    if (found !== null || this.get(key) !== null) throw new WrongKind(key)
    // What expired under this name gives way; its items must not come back.
    if (this.#known.get(key) !== null) this.delete(key)
    this.#lastId += 1
    this.#create.run(key, kind, this.#lastId)
    const created = { key, id: this.#lastId, kind, expiresAt: null, size: 0, oldest: 1, newest: 0 }
    this.#known.set(key, created)
    return created
  }

  /** To be called after items were removed: an empty collection is no key. */
  shrink(collection: Collection, removed: number): void {
    collection.size -= removed
    if (removed === 0 || collection.size > 0) return
    this.#delete.get(collection.key)
    this.#known.set(collection.key, null)
  }

  /** Between transactions: keeps what is remembered within bounds. */
  trimMemory(): void {
    if (this.#known.size <= REMEMBERED) return
    for (const [key, known] of this.#known) {
      if (known === null || known.size < LARGE) this.#known.delete(key)
    }
  }

  #collection(key: string): Collection | null {
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#load(key)
      this.#known.set(key, known)
    }
    return known === null || this.#hasEnded(known.expiresAt) ? null : known
  }

  #load(key: string): Collection | null {
    const row = this.#select.get(key) as Row | undefined
    if (row === undefined || row.kind === KIND.string) return null
    const id = row.value as number
    const measured = this.#measure[row.kind].get(id) as {
      size: number
      oldest?: number | null
      newest?: number | null
    }
    return {
      key,
      id,
      kind: row.kind,
      expiresAt: row.expires_at,
      size: measured.size,
      oldest: measured.oldest ?? 1,
      newest: measured.newest ?? 0,
    }
  }

  #row(key: string): Row | null {
    const row = this.#select.get(key) as Row | undefined
    return row === undefined || this.#hasEnded(row.expires_at) ? null : row
  }

  #hasEnded(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt <= this.#clock.now()
  }
}

function highestId(connection: Connection): number {
  const tables = [...Object.values(ITEMS).map(({ table }) => table), 'garbage']
  const ids = tables.map((table) => {
    const row = connection.prepare(`SELECT max(id) AS id FROM ${table}`).get()
    return (row as { id: number | null }).id ?? 0
  })
  return Math.max(...ids)
}
