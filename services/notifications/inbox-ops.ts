import type { Keys, Op } from '../../src/index.ts'
import type { NotificationRecord } from './notification-record.ts'
import type { Retention } from './retention.ts'

interface Placing {
  readonly keys: Keys
  readonly record: NotificationRecord
  /** The record as JSON. */
  readonly text: string
  /** Whether its user wants it in his inbox; else it is only kept. */
  readonly inInbox: boolean
  readonly retention: Retention
  readonly now: number
}

/** Stores a notification: at the head of the inbox, or beside it. */
export function inboxOps({ keys, record, text, inInbox, retention, now }: Placing): Op[] {
  const { id, user_id: user } = record
  const { notificationTtlMs, unreadTtlMs } = retention
  const until = keptUntil(record, record.read ? notificationTtlMs : unreadTtlMs, now)
  if (inInbox) {
    const read = record.read ? [['read', keys.scope, user, id] as const] : []
    return [['inbox', keys.scope, user, id, text, until, retention.inboxLimit], ...read]
  }
  return [
    ['set', keys.notification(id), text, until === 0 ? 0 : until - now],
    ['zadd', keys.users(), 0, user],
  ]
}

/** Until when a record lives as it is (0: for ever): the shorter of its own end and the retention. */
function keptUntil(record: NotificationRecord, ttlMs: number, now: number): number {
  const kept = ttlMs === 0 ? Number.POSITIVE_INFINITY : now + ttlMs
  const own = record.expires_at === null ? kept : Date.parse(record.expires_at)
  const end = Math.min(kept, own)
  return end === Number.POSITIVE_INFINITY ? 0 : end
}
