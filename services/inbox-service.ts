import {
  type Clock,
  InvalidPayload,
  isoTime,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../src/index.ts'
import { fanoutOp } from './fanout.ts'
import type { NotificationRecord } from './notification-record.ts'
import type { Retention } from './notification-service.ts'
import type { Realtime } from './realtime.ts'

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

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly realtime: Realtime
  readonly retention: Retention
  /** Told whenever a user's unread count has changed. */
  readonly onUnread?: (user: string, count: number) => void
}

/** One change of one record: the new record, and what keeps the unread count in step. */
interface Change {
  readonly record: NotificationRecord
  readonly unread: boolean
}

/** What people have been told: listing, reading, archiving, snoozing, deleting. */
export class InboxService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
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
    return this.#change(user, id, (record, at) => ({
      record: record.read
        ? record
        : { ...record, read: true, read_at: at, seen_at: record.seen_at ?? at },
      unread: false,
    }))
  }

  markUnread(user: string, id: string): Promise<number> {
    return this.#change(user, id, (record) => ({
      record: { ...record, read: false, read_at: null },
      unread: record.archived_at === null,
    }))
  }

  archive(user: string, id: string): Promise<number> {
    return this.#change(user, id, (record, at) => ({
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
    return this.#change(user, id, (record) => ({
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
    this.#parts.onUnread?.(user, count)
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

  /** Compare and set, so that a change made elsewhere is never undone. */
  async #change(
    user: string,
    id: string,
    change: (record: NotificationRecord, at: string) => Change,
  ): Promise<number> {
    const { store, keys, clock } = this.#parts
    const partition = this.#partition(user)
    const key = keys.notification(id)
    for (let attempt = 0; attempt < 20; attempt++) {
      const old = await store.get(partition, key)
      const before = old === null ? null : (JSON.parse(old) as NotificationRecord)
      if (before === null || before.user_id !== user) throw notFound(id)
      const now = clock.now()
      const { record, unread } = change(before, isoTime(now))
      const text = JSON.stringify(record)
      if (text === old) return this.unreadCount(user)
      const outcome = await store.commit({
        partition,
        guards: [['expect', key, old]],
        ops: this.#changeOps(record, text, unread, now),
      })
      if (!outcome.applied) continue
      return this.#announce(record, text, outcome.results)
    }
    throw new Unavailable(`Notification ${id} is being changed by others; try again.`)
  }

  #changeOps(record: NotificationRecord, text: string, unread: boolean, now: number): Op[] {
    const { keys, retention } = this.#parts
    const { user_id: user, id } = record
    const keepMs = unread ? retention.unreadTtlMs : retention.notificationTtlMs
    const snoozedMs = record.snoozed_until ? Date.parse(record.snoozed_until) - now : 0
    const ttlMs = keepMs === 0 ? 0 : keepMs + Math.max(0, snoozedMs)
    return [
      fanoutOp(keys, user, 'notification_updated', text, now),
      ['set', keys.notification(id), text, ttlMs],
      unread
        ? ['unread', keys.scope, user, id, ttlMs === 0 ? 0 : now + ttlMs]
        : ['read', keys.scope, user, id],
      ...this.#snoozeOps(record),
    ]
  }

  /** The end of a snooze is a moment in a sorted set, looked at by the housekeeper. */
  #snoozeOps(record: NotificationRecord): Op[] {
    const { keys } = this.#parts
    const member = `${record.user_id} ${record.id}`
    return record.snoozed_until === null
      ? []
      : [['zadd', keys.snoozed(), Date.parse(record.snoozed_until), member]]
  }

  #announce(record: NotificationRecord, text: string, results: readonly number[]): number {
    const count = results[2] ?? 0
    this.#parts.realtime.publish(record.user_id, results[0] ?? 0, 'notification_updated', text)
    this.#parts.onUnread?.(record.user_id, count)
    return count
  }

  /** Brings back what was snoozed until now: unread, at the top, delivered anew. */
  async wakeSnoozed(partition: number): Promise<number> {
    const { store, keys, clock } = this.#parts
    const due = await store.rangeByScore(partition, keys.snoozed(), 0, clock.now(), 100)
    for (const { member } of due) {
      const [user = '', id = ''] = member.split(' ')
      await this.#change(user, id, (record) => ({
        record: { ...record, snoozed_until: null, version: record.version + 1 },
        unread: !record.read,
      })).catch((error) => {
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

function notFound(id: string): NotFound {
  return new NotFound(`There is no notification ${id} in this inbox.`)
}
