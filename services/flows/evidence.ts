import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { Evidence } from './flow-fields.ts'

/**
 * Whether something shows that a notification has reached somebody as far as was
 * asked for: what shows more, shows less too. A client that is connected shows
 * nothing; one that has acknowledged what it was sent does.
 */
export function isShown(
  record: NotificationRecord,
  wanted: Evidence,
  deliveries: readonly string[],
): boolean {
  if (record.acked_at !== undefined) return true
  if (wanted === 'acked') return false
  if (record.read || deliveries.includes('read')) return true
  if (wanted === 'read') return false
  if (record.seen_at !== null) return true
  if (wanted === 'seen') return false
  return record.delivered_at !== undefined || deliveries.includes('delivered')
}
