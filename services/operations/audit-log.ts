import { createHash } from 'node:crypto'
import { type Clock, isoTime, type Keys, type Op, type Store, uuidv7 } from '../../src/index.ts'

const PARTITION = 0
/** Entries kept, the newest; each also ends by its age. */
const LIMIT = 100_000
const PAGE = 500
const DAY_MS = 86_400_000

/** One thing that somebody did who may operate or administer. */
export interface AuditEntry {
  readonly id: string
  readonly at: string
  /** The id of the user, device or key. */
  readonly who: string
  readonly via: string
  readonly from: string
  /** The route, `POST /api/queues/{name}/pause`. */
  readonly what: string
  /** The concrete path. */
  readonly target: string
  /** What was asked for, without secrets. */
  readonly input: unknown
  /** What it concerns as it was and as it is now; `null` where nothing says so. */
  readonly before: unknown
  readonly after: unknown
}

export type AuditRecord = Omit<AuditEntry, 'id' | 'at'>

export interface AuditFilter {
  readonly who?: string | undefined
  /** A part of `what` or of `target`. */
  readonly match?: string | undefined
  /** Epoch milliseconds. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  /** How long an entry is kept. Default: 365 days. */
  readonly auditDays?: number
}

/** Who did what, when, to what: added to, never changed, except that an erased person loses his name. */
export class AuditLog {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock
  readonly #ttlMs: number

  constructor({ store, keys, clock, auditDays = 365 }: Parts) {
    this.#store = store
    this.#keys = keys
    this.#clock = clock
    this.#ttlMs = auditDays * DAY_MS
  }

  async record(record: AuditRecord): Promise<AuditEntry> {
    const now = this.#clock.now()
    const entry = { id: uuidv7(now), at: isoTime(now), ...record }
    const ops: Op[] = [
      ['set', this.#keys.auditEntry(entry.id), JSON.stringify(entry), this.#ttlMs],
      ['push', this.#keys.auditLog(), entry.id, LIMIT],
    ]
    await this.#store.commit({ partition: PARTITION, ops })
    return entry
  }

  /** Newest first; `cursor` is the id after which to go on. */
  async list(filter: AuditFilter, limit: number, cursor: string | null) {
    const data: AuditEntry[] = []
    for await (const entry of this.entries(filter, cursor)) {
      if (data.length === limit) return { data, next_cursor: data.at(-1)!.id }
      data.push(entry)
    }
    return { data, next_cursor: null }
  }

  /** All that fit, newest first, read in pages. */
  async *entries(filter: AuditFilter = {}, cursor: string | null = null) {
    for await (const entry of this.#all(cursor)) if (fits(entry, filter)) yield entry
  }

  /** Puts a pseudonym in the place of a person, and takes out what was said of him. */
  async forget(user: string): Promise<void> {
    for await (const entry of this.#all(null)) {
      const text = JSON.stringify(entry)
      if (!text.includes(user)) continue
      const replaced = JSON.stringify(withoutPerson(entry, user))
      const key = this.#keys.auditEntry(entry.id)
      const left = Date.parse(entry.at) + this.#ttlMs - this.#clock.now()
      await this.#store.commit({
        partition: PARTITION,
        guards: [['expect', key, text]],
        ops: [['set', key, replaced, Math.max(1, left)]],
      })
    }
  }

  async *#all(cursor: string | null) {
    let isPast = cursor === null
    for (let from = 0; ; from += PAGE) {
      const ids = await this.#store.list(PARTITION, this.#keys.auditLog(), from, from + PAGE - 1)
      const wanted = isPast ? ids : ids.filter((id) => id < cursor!)
      isPast ||= wanted.length > 0
      const names = wanted.map((id) => this.#keys.auditEntry(id))
      const texts = names.length > 0 ? await this.#store.getMany(PARTITION, names) : []
      for (const text of texts) if (text !== null) yield JSON.parse(text) as AuditEntry
      if (ids.length < PAGE) return
    }
  }
}

/** The same entry with a pseudonym in the place of a person, and nothing that was said of him. */
export function withoutPerson<Entry extends AuditRecord>(entry: Entry, user: string): Entry {
  const pseudonym = `erased-${createHash('sha256').update(user).digest('hex').slice(0, 12)}`
  const bare = JSON.stringify({ ...entry, input: null, before: null, after: null })
  return JSON.parse(bare.replaceAll(user, () => pseudonym)) as Entry
}

function fits(entry: AuditEntry, { who, match, since, until }: AuditFilter): boolean {
  const at = Date.parse(entry.at)
  if (since !== undefined && at < since) return false
  if (until !== undefined && at >= until) return false
  if (who !== undefined && entry.who !== who) return false
  return match === undefined || `${entry.what} ${entry.target}`.includes(match)
}
