/** How long records live, and how many of them. */
export interface Retention {
  /** Milliseconds a record lives once read or archived; 0 keeps it. */
  readonly notificationTtlMs: number
  /** Milliseconds a record lives while unread; 0 keeps it. */
  readonly unreadTtlMs: number
  /** Newest records kept per user. */
  readonly inboxLimit: number
}
