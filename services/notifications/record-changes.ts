import {
  type Clock,
  type Guard,
  isoTime,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { fanoutOp } from './fanout.ts'
import type { NotificationRecord } from './notification-record.ts'
import type { Realtime } from './realtime.ts'
import type { Retention } from './retention.ts'

export interface ChangeParts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly realtime: Realtime
  readonly retention: Retention
  /** Told whenever a user's unread count may have changed. */
  readonly onUnread?: (user: string) => void
  /** Told of what was done: `read`, `unread`, `archived`, `snoozed` or `returned`. */
  readonly onMarked?: (change: string, record: NotificationRecord) => void
}

/** One change of one record: the new record, and what keeps the unread count in step. */
export interface Change {
  readonly record: NotificationRecord
  readonly unread: boolean
  /** Whether it becomes the newest of the inbox. */
  readonly isMovedUp?: boolean
  /** What is written with it. */
  readonly ops?: readonly Op[]
}

/** Changes records of an inbox, one at a time, and tells the user's sessions. */
export class RecordChanges {
  readonly #parts: ChangeParts

  constructor(parts: ChangeParts) {
    this.#parts = parts
  }

  /** Compare and set, so that a change made elsewhere is never undone. */
  async change(
    user: string,
    id: string,
    change: (record: NotificationRecord, at: string) => Change,
  ): Promise<number> {
    const { store, keys, clock } = this.#parts
    const partition = partitionOf(user, store.partitions)
    const key = keys.notification(id)
    for (let attempt = 0; attempt < 20; attempt++) {
      const old = await store.get(partition, key)
      const before = old === null ? null : (JSON.parse(old) as NotificationRecord)
      if (before === null || before.user_id !== user) throw notFound(id)
      const now = clock.now()
      const changed = change(before, isoTime(now))
      const { record } = changed
      const text = JSON.stringify(record)
      if (text === old) return store.unreadCount(partition, keys.scope, user)
      const ops = [...this.#changeOps(before, changed, { text, now }), ...(changed.ops ?? [])]
      const outcome = await store.commit({
        partition,
        guards: [['expect', key, old]],
        ops,
      })
      if (!outcome.applied) continue
      this.#parts.onMarked?.(changeOf(before, record), record)
      const counted = ops.findIndex(([kind]) => kind === 'unread' || kind === 'read')
      return this.#announce(record, text, { results: outcome.results, counted })
    }
    throw new Unavailable(`Notification ${id} is being changed by others; try again.`)
  }

  /**
   * The same for several records, of which clients need not be told: few writes,
   * no frames. Ids that are not in this inbox are left out.
   */
  async note(
    user: string,
    ids: readonly string[],
    change: (record: NotificationRecord, at: string) => Change,
  ): Promise<void> {
    const { store, keys, clock } = this.#parts
    const partition = partitionOf(user, store.partitions)
    const wanted = [...new Set(ids)]
    for (let attempt = 0; attempt < 20; attempt++) {
      const texts = await store.getMany(partition, wanted.map(keys.notification))
      const now = clock.now()
      const guards: Guard[] = []
      const ops: Op[] = []
      for (const old of texts) {
        if (old === null) continue
        const before = JSON.parse(old) as NotificationRecord
        if (before.user_id !== user) continue
        const changed = change(before, isoTime(now))
        const text = JSON.stringify(changed.record)
        if (text === old) continue
        guards.push(['expect', keys.notification(before.id), old])
        ops.push(...this.#recordOps(before, changed, { text, now }), ...(changed.ops ?? []))
      }
      if (ops.length === 0) return
      if ((await store.commit({ partition, guards, ops })).applied) return
    }
    throw new Unavailable('Notifications are being changed by others; try again.')
  }

  #changeOps(before: NotificationRecord, changed: Change, { text, now }: Writing): Op[] {
    const { user_id: user } = changed.record
    const told = fanoutOp(this.#parts.keys, user, 'notification_updated', text, now)
    return [told, ...this.#recordOps(before, changed, { text, now })]
  }

  #recordOps(
    before: NotificationRecord,
    { record, unread, isMovedUp }: Change,
    { text, now }: Writing,
  ): Op[] {
    const { keys, retention } = this.#parts
    const { user_id: user, id } = record
    const ttlMs = keptMs(record, { unread, retention, now })
    return [
      ['set', keys.notification(id), text, ttlMs],
      ...(isMovedUp ? movedUp(keys.inbox(user), id) : []),
      unread
        ? ['unread', keys.scope, user, id, ttlMs === 0 ? 0 : now + ttlMs]
        : ['read', keys.scope, user, id],
      ...this.#snoozeOps(before, record),
    ]
  }

  /** The end of a snooze is a moment in a sorted set, looked at by the housekeeper. */
  #snoozeOps(before: NotificationRecord, { user_id, id, snoozed_until }: NotificationRecord): Op[] {
    const snoozed = this.#parts.keys.snoozed()
    const member = snoozedMember(user_id, id)
    if (snoozed_until === before.snoozed_until) return []
    if (snoozed_until === null) return [['zrem', snoozed, member]]
    return [['zadd', snoozed, Date.parse(snoozed_until), member]]
  }

  #announce(
    record: NotificationRecord,
    text: string,
    { results, counted }: { readonly results: readonly number[]; readonly counted: number },
  ): number {
    const count = results[counted] ?? 0
    this.#parts.realtime.publish(record.user_id, results[0] ?? 0, 'notification_updated', text)
    this.#parts.onUnread?.(record.user_id)
    return count
  }
}

/** A record as JSON, and when it is written. */
interface Writing {
  readonly text: string
  readonly now: number
}

interface Keeping {
  readonly unread: boolean
  readonly retention: Retention
  readonly now: number
}

/** For how long a record is kept (0: for ever), never less than until its snooze is over. Milliseconds. */
export function keptMs(
  { snoozed_until }: NotificationRecord,
  { unread, retention, now }: Keeping,
): number {
  const keepMs = unread ? retention.unreadTtlMs : retention.notificationTtlMs
  const snoozedMs = snoozed_until === null ? 0 : Date.parse(snoozed_until) - now
  return keepMs === 0 ? 0 : keepMs + Math.max(0, snoozedMs)
}

/** Under which a snoozed notification waits for its moment. */
export function snoozedMember(user: string, id: string): string {
  return `${user} ${id}`
}

/** What was done, in a word. */
function changeOf(before: NotificationRecord, after: NotificationRecord): string {
  if (after.archived_at !== before.archived_at) return 'archived'
  if (after.snoozed_until !== before.snoozed_until) {
    return after.snoozed_until === null ? 'returned' : 'snoozed'
  }
  if (after.read !== before.read) return after.read ? 'read' : 'unread'
  return 'changed'
}

function movedUp(inbox: string, id: string): Op[] {
  return [
    ['pull', inbox, id],
    ['push', inbox, id, 0],
  ]
}

/** For an id that is not in this inbox: nobody learns whether it is in another. */
export function notFound(id: string): NotFound {
  return new NotFound(`There is no notification ${id} in this inbox.`)
}
