import type { Keys, Op } from '../../src/index.ts'
import type { NotificationRecord } from './notification-record.ts'

interface Placing {
  readonly keys: Keys
  readonly record: NotificationRecord
  /** The record as JSON. */
  readonly text: string
  /** Whether its user wants it in his inbox; else it is only kept. */
  readonly inInbox: boolean
  readonly retention: { readonly unreadTtlMs: number; readonly inboxLimit: number }
  readonly now: number
}

/** Stores a notification: at the head of the inbox, or beside it. */
export function inboxOps({ keys, record, text, inInbox, retention, now }: Placing): Op[] {
  const { id, user_id: user } = record
  const until = unreadUntil(record, retention.unreadTtlMs, now)
  if (inInbox) return [['inbox', keys.scope, user, id, text, until, retention.inboxLimit]]
  return [
    ['set', keys.notification(id), text, until === 0 ? 0 : until - now],
    ['zadd', keys.users(), 0, user],
  ]
}

/** Until when a record counts as unread (0: for ever): the shorter of its own end and the retention. */
function unreadUntil(record: NotificationRecord, unreadTtlMs: number, now: number): number {
  const kept = unreadTtlMs === 0 ? Number.POSITIVE_INFINITY : now + unreadTtlMs
  const own = record.expires_at === null ? kept : Date.parse(record.expires_at)
  const end = Math.min(kept, own)
  return end === Number.POSITIVE_INFINITY ? 0 : end
}
