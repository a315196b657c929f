/**
 * What comes over the wire, named as the wire names it: records are handed on
 * as the service sends them.
 *
 * @module
 */

export type Priority = 'low' | 'normal' | 'high' | 'critical'

/** Something a person can do about a notification. */
export interface NotificationAction {
  readonly type: string
  readonly label: string
  readonly [field: string]: unknown
}

/** One notification of the inbox. Times are ISO 8601, `timestamp` is epoch seconds. */
export interface NotificationRecord {
  readonly id: string
  readonly user_id: string
  readonly title: string
  readonly message: string
  readonly type: string
  readonly priority: Priority
  readonly data: Readonly<Record<string, unknown>>
  readonly actions: readonly NotificationAction[]
  /** When each action was done, by its place in the list. */
  readonly done?: Readonly<Record<string, string>>
  readonly channels: readonly string[]
  readonly read: boolean
  readonly read_at: string | null
  readonly archived_at: string | null
  readonly snoozed_until: string | null
  readonly created_at: string
  readonly timestamp: number
  readonly expires_at: string | null
  readonly version: number
}

/** Something that must be acknowledged. */
export interface AlertRecord {
  readonly id: string
  readonly type: string
  readonly severity: 'critical' | 'warning' | 'info'
  readonly status: 'triggered' | 'acknowledged' | 'snoozed' | 'resolved'
  readonly message: string
  readonly source: string | null
  readonly affected_systems: readonly string[]
  readonly count: number
  readonly created_at: string
  readonly acknowledged_by: string | null
  readonly acknowledged_at: string | null
}

/** A page of the inbox, newest first. */
export interface NotificationPage {
  readonly data: readonly NotificationRecord[]
  /** Where the next page begins; `null` at the end. */
  readonly next_cursor: string | null
  readonly unread_count: number
}

/** Channel → whether it is wanted. */
export type ChannelSwitches = Readonly<Record<string, boolean>>

/** What a user wants; channels that are not named are wanted. */
export interface Preferences {
  readonly realtime: boolean
  readonly email: boolean
  readonly sms: boolean
  readonly push: boolean
  readonly muted_types: readonly string[]
  readonly types: Readonly<Record<string, ChannelSwitches>>
  readonly categories: Readonly<Record<string, ChannelSwitches>>
  readonly [channel: string]: unknown
}

/** When a user does not want to be disturbed, `HH:MM` in his time zone. */
export interface QuietHours {
  readonly is_enabled: boolean
  readonly timezone: string | null
  readonly mode: 'hold' | 'drop'
  readonly start: string | null
  readonly end: string | null
  readonly days: readonly string[]
  readonly effective_timezone: string
  readonly quiet_until: string | null
}

/** A frame of the realtime protocol, told apart by `type`. */
export interface Frame {
  readonly type: string
  readonly [field: string]: unknown
}
