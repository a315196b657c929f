import {
  Conflict,
  InvalidPayload,
  isoTime,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { Receipts, receiptIdOf } from '../flows/receipts.ts'
import { Counts, type Metric } from '../statistics/counts.ts'
import { type InboxFilter, InboxListing, type InboxPage, isSnoozed } from './inbox-listing.ts'
import { isUnread, type NotificationRecord } from './notification-record.ts'
import type { Recall } from './recall.ts'
import { type ChangeParts, notFound, RecordChanges } from './record-changes.ts'
import { wakeSnoozed } from './snoozes.ts'

const MINUTE_MS = 60_000
/** A moment less than three minutes: a request for just that was on its way for some of them. */
const SNOOZE_MIN_MS = 3 * MINUTE_MS - 10_000
const SNOOZE_MAX_MS = 90 * 86_400_000

export type { InboxFilter, InboxPage } from './inbox-listing.ts'

export type BulkAction = 'seen' | 'read' | 'unread' | 'archive' | 'delete'

interface Parts extends ChangeParts {
  readonly store: Store
  readonly recall: Recall
}

/** What people have been told: listing, reading, archiving, snoozing, deleting. */
export class InboxService {
  readonly #parts: Parts
  readonly #changes: RecordChanges
  readonly #listing: InboxListing
  readonly #receipts: Receipts
  readonly #counts: Counts

  constructor(parts: Parts) {
    this.#parts = parts
    this.#changes = new RecordChanges(parts)
    this.#listing = new InboxListing(parts)
    this.#receipts = new Receipts(parts)
    this.#counts = new Counts(parts.keys)
  }

  /** Newest first; `limit` 1 to 100. */
  async list(
    user: string,
    filter: InboxFilter,
    limit: number,
    cursor: string | null,
  ): Promise<InboxPage> {
    const page = await this.#listing.page(user, filter, { limit, cursor })
    return { ...page, unread_count: await this.unreadCount(user) }
  }

  unreadCount(user: string): Promise<number> {
    return this.#parts.store.unreadCount(this.#partition(user), this.#parts.keys.scope, user)
  }

  /** How much there is in an inbox, as seed 004's bell counts it. */
  async stats(user: string) {
    const [by_type, unread] = await Promise.all([
      this.#listing.byType(user),
      this.unreadCount(user),
    ])
    const total = Object.values(by_type).reduce((sum, count) => sum + count, 0)
    return { total, unread, by_type }
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
    return this.#changes.change(user, id, (record, at) => {
      this.#assertAwake(record)
      return { record: readAt(record, at), unread: false, ops: this.#readOps(record) }
    })
  }

  /** Says that its user saw it in a list, without having read it. */
  markSeen(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => ({
      record: { ...record, seen_at: record.seen_at ?? at },
      unread: isUnread(record),
      ops: record.seen_at === null ? this.#countOps(record, 'seen') : [],
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
      ops: [...this.#readOps(record), ...this.#countOps(record, 'clicked')],
    }))
  }

  /** Says that a client of his has these. */
  markDelivered(user: string, ...ids: readonly string[]): Promise<void> {
    return this.#changes.note(user, ids, (record, at) => ({
      record: { ...record, delivered_at: record.delivered_at ?? at },
      unread: isUnread(record),
      ops: record.delivered_at === undefined ? this.#countOps(record, 'delivered', 'realtime') : [],
    }))
  }

  /** Acknowledges what its sender wants acknowledged; it is read then too. */
  async acknowledge(user: string, id: string): Promise<number> {
    let receipt = id
    const count = await this.#changes.change(user, id, (record, at) => {
      receipt = receiptIdOf(record)
      const acked_at = record.acked_at ?? at
      const ops = this.#readOps(record)
      return { record: { ...readAt(record, at), acked_at }, unread: false, ops }
    })
    await this.#receipts.acknowledge(receipt, user)
    return count
  }

  markUnread(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (before) => {
      const record = { ...before, read: false, read_at: null }
      return { record, unread: isUnread(record) }
    })
  }

  archive(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record, at) => {
      this.#assertAwake(record)
      return { record: { ...record, archived_at: record.archived_at ?? at }, unread: false }
    })
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

  /** Brings back what was snoozed, as it was. */
  unsnooze(user: string, id: string): Promise<number> {
    return this.#changes.change(user, id, (record) => {
      const awake = { ...record, snoozed_until: null }
      return { record: awake, unread: isUnread(awake) }
    })
  }

  /** Takes it out of the inbox; what has not gone out on other channels does not go out. */
  remove(user: string, id: string): Promise<number> {
    return this.#parts.recall.remove(user, id)
  }

  /** Everything unread at once; answers with the unread count, which is what came in meanwhile. */
  async markAllRead(user: string): Promise<number> {
    const now = this.#parts.clock.now()
    const all = await this.#listing.records(user)
    const unread = all.filter((record) => !record.read && !isSnoozed(record, now))
    await Promise.all(unread.map(({ id }) => this.markRead(user, id)))
    return this.unreadCount(user)
  }

  /** Applies one action to many; ids that are gone by now are left out. Answers how many it was. */
  async bulk(
    user: string,
    target: { ids: readonly string[] } | { filter: InboxFilter },
    action: BulkAction,
  ): Promise<number> {
    const records = await this.#listing.records(user)
    const wanted =
      'ids' in target
        ? records.filter(({ id }) => target.ids.includes(id))
        : records.filter((record) => this.#listing.matches(record, target.filter))
    const now = this.#parts.clock.now()
    const needsAwake = action === 'read' || action === 'archive'
    const able = wanted.filter((record) => !needsAwake || !isSnoozed(record, now))
    await Promise.all(able.map(({ id }) => this.#apply(user, id, action)))
    return able.length
  }

  #apply(user: string, id: string, action: BulkAction): Promise<number> {
    switch (action) {
      case 'seen':
        return this.markSeen(user, id)
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

  /** Brings back what was snoozed until now: unread, at the top, delivered anew. */
  wakeSnoozed(partition: number): Promise<number> {
    return wakeSnoozed(this.#parts, this.#changes, partition)
  }

  /** What is put away for a time can be neither read nor archived before it is back. */
  #assertAwake(record: NotificationRecord): void {
    if (!isSnoozed(record, this.#parts.clock.now())) return
    throw new Conflict('The notification is snoozed; take that back first (unsnooze).')
  }

  #readOps(record: NotificationRecord): Op[] {
    return record.read ? [] : this.#countOps(record, 'read')
  }

  #countOps(record: NotificationRecord, metric: Metric, channel = 'inbox'): Op[] {
    const { type, variant, user_id: user } = record
    const at = { partition: this.#partition(user), now: this.#parts.clock.now() }
    return this.#counts.ops([{ type, variant, channels: [channel], metric }], at)
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

function readAt(record: NotificationRecord, at: string): NotificationRecord {
  if (record.read) return record
  return { ...record, read: true, read_at: at, seen_at: record.seen_at ?? at }
}
