import type { Keys, Op } from '../../src/index.ts'
import type { UserRecord } from '../directory/user-record.ts'
import type { Message, NotificationRecord } from '../notifications/notification-record.ts'
import { addressFor, type ChannelName } from './channel-policy.ts'
import { type About, type DeliveryJob, enqueueOp, makeJob } from './delivery-job.ts'

/** Channels that are written with the notification itself, without a job. */
const IMMEDIATE: readonly ChannelName[] = ['realtime']

/** The jobs of one notification: one for each channel that needs a provider. */
export function deliveryOps(
  keys: Keys,
  record: NotificationRecord,
  user: UserRecord,
  making: Making,
): Op[] {
  const { now, channels = record.channels } = making
  return channels
    .filter((channel) => !IMMEDIATE.includes(channel))
    .map((channel) => enqueueOp(keys, deliveryOf(channel, record, user, making), now))
}

interface Making {
  readonly now: number
  readonly message: Message
  /** Default: all of the record's. */
  readonly channels?: readonly ChannelName[]
  /** How often it has been sent before; each time is a delivery of its own. */
  readonly round?: number
}

/** `<notification id>.<channel>`: known without looking it up, and in the user's partition. */
export function deliveryId(notificationId: string, channel: string): string {
  return `${notificationId}.${channel}`
}

function deliveryOf(
  channel: ChannelName,
  record: NotificationRecord,
  user: UserRecord,
  { now, message, round = 0 }: Making,
): DeliveryJob {
  const heldUntil = record.held?.[channel]
  return makeJob({
    id: deliveryId(round === 0 ? record.id : `${record.id}.r${round}`, channel),
    channel,
    priority: record.priority,
    content: { ...contentOf(channel, record, user, message), about: aboutOf(record) },
    now,
    sendAt: heldUntil === undefined ? null : Date.parse(heldUntil),
    expiresAt: record.expires_at === null ? null : Date.parse(record.expires_at),
    userId: record.user_id,
    notificationId: record.id,
  })
}

function contentOf(
  channel: ChannelName,
  record: NotificationRecord,
  user: UserRecord,
  { shortText, texts = {} }: Message,
): object {
  const own = texts[channel]
  const { title = record.title, message = record.message, html = null } = own ?? {}
  const { data, type, actions } = record
  const address = addressFor(channel, user)
  // Which alert it speaks of: for limits of its own, and for answers by phone.
  const alert = typeof data.alert_id === 'string' ? { alert_id: data.alert_id } : {}
  switch (channel) {
    case 'email': {
      const mail = { to: address, subject: title, body: message, html_body: html, actions }
      // Of what somebody unsubscribes who wants no more of such mails.
      const { category } = data
      return { ...mail, type, ...(typeof category === 'string' ? { category } : {}), ...alert }
    }
    case 'sms':
    case 'voice':
      return { phone: address, message: own?.message ?? shortText ?? message, ...alert }
    case 'push':
      return { title, body: message, data, actions, collapse_key: record.collapse_key }
    case 'mqtt':
      return { notification: record }
    default:
      return { url: address, title, message, type, data, notification: record }
  }
}

/** What a delivery is counted as. */
function aboutOf({ type, variant }: NotificationRecord): About {
  return variant === undefined ? { type } : { type, variant }
}
