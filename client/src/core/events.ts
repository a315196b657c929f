import type { ClientError } from './client-error.ts'
import type { NotificationStats } from './inbox.ts'
import type { ConnectionState } from './live.ts'
import type { AlertRecord, Frame, NotificationRecord } from './records.ts'

/** What a client tells those who listen by `on`. */
export interface ClientEvents {
  /** Something new has come; never told twice. */
  notification: NotificationRecord
  /** One that was there changed: it was read, archived, replaced … */
  notification_updated: NotificationRecord
  unread_count: number
  /** Must be acknowledged: `acknowledgeAlert(alert.id)`. */
  critical_alert: AlertRecord
  /** An event of a broadcast channel that `channel()` joined. */
  event: { readonly channel: string; readonly event: string; readonly data: unknown }
  system: Frame
  connection_state: ConnectionState
  error: ClientError
}

/** Everything that a view shows; another object whenever something changed. */
export interface Snapshot {
  /** Newest first; neither archived nor snoozed. */
  readonly notifications: readonly NotificationRecord[]
  readonly stats: NotificationStats
  readonly unreadCount: number
  /** Whether there are older ones: `loadMore()`. */
  readonly hasMore: boolean
  readonly loading: boolean
  readonly connectionState: ConnectionState
  readonly isConnected: boolean
}

/** What there is before anything was heard, and where pages are rendered on a server. */
export const EMPTY: Snapshot = {
  notifications: [],
  stats: { total: 0, unread: 0, byType: {} },
  unreadCount: 0,
  hasMore: false,
  loading: true,
  connectionState: 'disconnected',
  isConnected: false,
}
