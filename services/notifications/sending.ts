import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { Recipient } from '../directory/user-record.ts'
import { delayOf, type Typed, type UnmetConditions } from '../events/type-rules.ts'
import type { Identity } from './acceptance.ts'
import type { Composed, Composer } from './composed.ts'
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
  /** It was put off before, and its moment has come: its type does not delay it again. */
  readonly isPutOff?: boolean
  /** A notification class that says it in its own words. */
  readonly composer?: Composer
  /** Further live frames about the same thing; `data` is JSON text. */
  readonly frames?: readonly { readonly type: string; readonly data: string }[]
}

/** A message with its id, its words and whom it is for. */
export interface Ready extends Sending {
  readonly id: string
  readonly recipient: Recipient
  readonly now: number
  /** Channels that its type keeps it from, and the condition of each. */
  readonly unmet?: UnmetConditions
  /** What a notification class made of it. */
  readonly composed?: Composed
}

/** An alert reaches whoever it must: what is said of types is not said of it. */
export function isAlert({ overridesPreferences, composer, message }: Sending): boolean {
  return overridesPreferences === true && !composer && !message.template?.isCritical
}

/** {@link delayOf} a message that says nothing of a moment itself, and was not put off before. */
export function delayedUntil(
  { message: { sendAt, localAt }, composer, isReleased, isPutOff }: Sending,
  typed: Typed,
  now: number,
): number | null | string {
  const saysItself = sendAt !== null || localAt !== null || composer !== undefined
  return saysItself || isReleased || isPutOff ? null : delayOf(typed, now)
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
