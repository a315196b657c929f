import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { Identity } from './acceptance.ts'
import type { Composer } from './composed.ts'
import type { Message, Origin } from './notification-record.ts'

/** A message to one person. */
export interface Sending {
  readonly userId: string
  readonly message: Message
  readonly identity: Identity
  readonly origin?: Origin
  /** Given where the work may be repeated: the same id has one effect. */
  readonly id?: string
  /** Alerts reach whoever they must, whatever he prefers. */
  readonly overridesPreferences?: boolean
  /** It has been collected or counted before: no digest or throttle asks again. */
  readonly isReleased?: boolean
  /** A notification class that says it in its own words. */
  readonly composer?: Composer
  /** Further live frames about the same thing; `data` is JSON text. */
  readonly frames?: readonly { readonly type: string; readonly data: string }[]
}

/** What became of it: `digested` and `throttled` ones have a trace under their id. */
export interface Sent {
  readonly status: 'sent' | 'digested' | 'throttled'
  readonly notification_id: string
  readonly channels: readonly ChannelName[]
  /** ISO 8601; when it goes out, where that is later: its channels are chosen then. */
  readonly send_at?: string
  /** The notification that it becomes a part of. */
  readonly digest_id?: string
}
