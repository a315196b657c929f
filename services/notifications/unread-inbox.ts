import { type Keys, partitionOf, type Store } from '../../src/index.ts'

const PAGE = 25

/** The part of a notification record that says whether it still waits to be read. */
interface Unread {
  readonly id: string
  readonly read: boolean
  readonly archived_at: string | null
  readonly snoozed_until: string | null
}

/** What a client that just connected is shown of its inbox. */
export class UnreadInbox {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  count(user: string): Promise<number> {
    const partition = partitionOf(user, this.#store.partitions)
    return this.#store.unreadCount(partition, this.#keys.scope, user)
  }

  /** The newest `limit` unread records as parsed JSON, newest first. */
  async newest(user: string, limit: number, now: number): Promise<readonly Unread[]> {
    const partition = partitionOf(user, this.#store.partitions)
    const found: Unread[] = []
    for (let start = 0; found.length < limit; start += PAGE) {
      const ids = await this.#store.list(partition, this.#keys.inbox(user), start, start + PAGE - 1)
      const records = await this.#store.getMany(
        partition,
        ids.map((id) => this.#keys.notification(id)),
      )
      for (const text of records) {
        const record = text === null ? null : (JSON.parse(text) as Unread)
        if (record !== null && isWaiting(record, now)) found.push(record)
      }
      if (ids.length < PAGE) break
    }
    return found.slice(0, limit)
  }
}

function isWaiting(record: Unread, now: number): boolean {
  const snoozed = record.snoozed_until ? Date.parse(record.snoozed_until) > now : false
  return !record.read && !record.archived_at && !snoozed
}
