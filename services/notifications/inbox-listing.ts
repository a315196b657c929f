import { type Clock, InvalidPayload, type Keys, partitionOf, type Store } from '../../src/index.ts'
import type { NotificationRecord } from './notification-record.ts'

export interface InboxFilter {
  readonly unreadOnly?: boolean
  readonly archived?: boolean
  readonly type?: string
  readonly priority?: string
}

export interface InboxPage {
  readonly data: NotificationRecord[]
  /** The id after which to go on; `null` at the end. */
  readonly next_cursor: string | null
  readonly unread_count: number
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/** Reads inboxes. */
export class InboxListing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Newest first; `limit` 1 to 100. */
  async page(
    user: string,
    filter: InboxFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Omit<InboxPage, 'unread_count'>> {
    const all = await this.records(user)
    const from = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1
    if (cursor !== null && from === 0) {
      throw new InvalidPayload('The cursor is not of this inbox, or what it points at has left it.')
    }
    const matching = all.slice(from).filter((record) => this.matches(record, filter))
    const data = matching.slice(0, limit)
    return {
      data,
      next_cursor: matching.length > limit ? (data.at(-1)?.id ?? null) : null,
    }
  }

  /** Everything, newest first. */
  async records(user: string): Promise<NotificationRecord[]> {
    const { store, keys } = this.#parts
    const partition = partitionOf(user, store.partitions)
    const ids = await store.list(partition, keys.inbox(user), 0, -1)
    if (ids.length === 0) return []
    const texts = await store.getMany(partition, ids.map(keys.notification))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as NotificationRecord]))
  }

  /** How many there are of each type, those that are put away aside. */
  async byType(user: string): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {}
    for (const record of await this.records(user)) {
      if (this.matches(record, {})) counts[record.type] = (counts[record.type] ?? 0) + 1
    }
    return counts
  }

  matches(record: NotificationRecord, filter: InboxFilter): boolean {
    const snoozed = isSnoozed(record, this.#parts.clock.now())
    if (snoozed && !filter.archived) return false
    if ((record.archived_at !== null) !== (filter.archived ?? false)) return false
    if (filter.unreadOnly && record.read) return false
    if (filter.type !== undefined && record.type !== filter.type) return false
    return filter.priority === undefined || record.priority === filter.priority
  }
}

/** Whether a notification is put away for now. */
export function isSnoozed(record: NotificationRecord, now: number): boolean {
  return record.snoozed_until !== null && Date.parse(record.snoozed_until) > now
}
