import { InvalidPayload, isoTime, NotFound, partitionOf, type Store } from '../../src/index.ts'
import type { NotificationRecord } from './notification-record.ts'
import { type ChangeParts, notFound, RecordChanges } from './record-changes.ts'

const MINUTE_MS = 60_000
const SNOOZE_MIN_MS = 3 * MINUTE_MS
const SNOOZE_MAX_MS = 90 * 86_400_000

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

export type BulkAction = 'read' | 'unread' | 'archive' | 'delete'

interface Parts extends ChangeParts {
  readonly store: Store
}

/** What people have been told: listing, reading, archiving, snoozing, deleting. */
export class InboxService {
  readonly #parts: Parts
  readonly #changes: RecordChanges

  constructor(parts: Parts) {
    this.#parts = parts
    this.#changes = new RecordChanges(parts)
  }

  /** Newest first; `limit` 1 to 100. */
  async list(
    user: string,
    filter: InboxFilter,
    limit: number,
    cursor: string | null,
  ): Promise<InboxPage> {
    const all = await this.#records(user)
    const from = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1
    if (cursor !== null && from === 0) {
      throw new InvalidPayload('The cursor is not of this inbox, or what it points at has left it.')
    }
    const matching = all.slice(from).filter((record) => this.#matches(record, filter))
    const data = matching.slice(0, limit)
    return {
      data,
      next_cursor: matching.length > limit ? (data.at(-1)?.id ?? null) : null,
      unread_count: await this.unreadCount(user),
    }
  }

  unreadCount(user: string): Promise<number> {
    return this.#parts.store.unreadCount(this.#partition(user), this.#parts.keys.scope, user)
  }

  /** One of the user's own notifications; `NotFound` for anybody else's. */
  async find(user: string, id: string): Promise<NotificationRecord> {
    const record = await this.findAny(id)
    if (record?.user_id !== user) throw notFound(id)
    return record
  }

  /** By id alone, for those who may see everybody's. */
  async findAny(id: string): Promise<NotificationRecord | null> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#partition(id), keys.notification(id))
    return text === null ? null : (JSON.parse(text) as NotificationRecord)
  }

  markRead(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => ({
      record: record.read
        ? record
        : { ...record, read: true, read_at: at, seen_at: record.seen_at ?? at },
      unread: false,
    }))
  }

  /** It was shown to him, perhaps without his reading it. */
  markSeen(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => ({
      record: { ...record, seen_at: record.seen_at ?? at },
      unread: !record.read && record.archived_at === null && record.snoozed_until === null,
    }))
  }

  /** He followed a link of it, so he has read it. */
  markClicked(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => ({
      record: {
        ...record,
        read: true,
        read_at: record.read_at ?? at,
        seen_at: record.seen_at ?? at,
        clicked_at: record.clicked_at ?? at,
      },
      unread: false,
    }))
  }

  markUnread(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record) => ({
      record: { ...record, read: false, read_at: null },
      unread: record.archived_at === null,
    }))
  }

  archive(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => ({
      record: { ...record, archived_at: record.archived_at ?? at },
      unread: false,
    }))
  }

  /** Hides a notification until `untilAt` (epoch ms, 3 minutes to 90 days from now). */
  snooze(user: string, id: string, untilAt: number): Promise<number> {
    const wait = untilAt - this.#parts.clock.now()
    if (wait < SNOOZE_MIN_MS || wait > SNOOZE_MAX_MS) {
      throw new InvalidPayload('A notification can be snoozed for 3 minutes to 90 days.')
    }
    return this.#changes.change(user, id, (record) => ({
      record: { ...record, snoozed_until: isoTime(untilAt) },
      unread: false,
    }))
  }

  async remove(user: string, id: string): Promise<number> {
    await this.find(user, id)
    const { store, keys } = this.#parts
    const outcome = await store.commit({
      partition: this.#partition(user),
      ops: [['discard', keys.scope, user, id]],
    })
    const count = outcome.applied ? (outcome.results[0] ?? 0) : await this.unreadCount(user)
    this.#parts.onUnread?.(user)
    return count
  }

  /** Everything unread at once; answers with the unread count, which is what came in meanwhile. */
  async markAllRead(user: string): Promise<number> {
    const unread = (await this.#records(user)).filter(({ read }) => !read)
    await Promise.all(unread.map(({ id }) => this.markRead(user, id)))
    return this.unreadCount(user)
  }

  /** Applies one action to many; ids that are gone by now are left out. Answers how many it was. */
  async bulk(
    user: string,
    target: { ids: readonly string[] } | { filter: InboxFilter },
    action: BulkAction,
  ): Promise<number> {
    const records = await this.#records(user)
    const wanted =
      'ids' in target
        ? records.filter(({ id }) => target.ids.includes(id))
        : records.filter((record) => this.#matches(record, target.filter))
    await Promise.all(wanted.map(({ id }) => this.#apply(user, id, action)))
    return wanted.length
  }

  #apply(user: string, id: string, action: BulkAction): Promise<number> {
    switch (action) {
      case 'read':
        return this.markRead(user, id)
      case 'unread':
        return this.markUnread(user, id)
      case 'archive':
        return this.archive(user, id)
      case 'delete':
        return this.remove(user, id)
    }
  }

  async #records(user: string): Promise<NotificationRecord[]> {
    const { store, keys } = this.#parts
    const partition = this.#partition(user)
    const ids = await store.list(partition, keys.inbox(user), 0, -1)
    if (ids.length === 0) return []
    const texts = await store.getMany(partition, ids.map(keys.notification))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as NotificationRecord]))
  }

  #matches(record: NotificationRecord, filter: InboxFilter): boolean {
    const snoozed = isSnoozed(record, this.#parts.clock.now())
    if (snoozed && !filter.archived) return false
    if ((record.archived_at !== null) !== (filter.archived ?? false)) return false
    if (filter.unreadOnly && record.read) return false
    if (filter.type !== undefined && record.type !== filter.type) return false
    return filter.priority === undefined || record.priority === filter.priority
  }

  /** Brings back what was snoozed until now: unread, at the top, delivered anew. */
  async wakeSnoozed(partition: number): Promise<number> {
    const { store, keys, clock } = this.#parts
    const due = await store.rangeByScore(partition, keys.snoozed(), 0, clock.now(), 100)
    for (const { member } of due) {
      const [user = '', id = ''] = member.split(' ')
      await this.#changes
        .change(user, id, (record) => ({
          record: { ...record, snoozed_until: null, version: record.version + 1 },
          unread: !record.read,
        }))
        .catch((error) => {
          if (!(error instanceof NotFound)) throw error
        })
      await store.commit({ partition, ops: [['zrem', keys.snoozed(), member]] })
    }
    return due.length
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

function isSnoozed(record: NotificationRecord, now: number): boolean {
  return record.snoozed_until !== null && Date.parse(record.snoozed_until) > now
}
