import { type Keys, type Op, titleOf } from '../../src/index.ts'
import type { UserRecord } from '../directory/user-record.ts'
import type { Composed } from '../notifications/composed.ts'
import type { Message, NotificationRecord } from '../notifications/notification-record.ts'
import { addressFor, type ChannelName } from './channel-policy.ts'
import { type About, type DeliveryJob, enqueueOp, type JobTerms, makeJob } from './delivery-job.ts'
import { contentOfPart, termsOfPart } from './part-content.ts'
import type { QueueRoutes } from './queue-routes.ts'

/** Channels that are written with the notification itself, without a job. */
export const IMMEDIATE: readonly string[] = ['realtime']

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
    .flatMap((channel) => deliveriesOf(channel, record, user, making))
    .map((job) => enqueueOp(keys, job, now))
}

interface Making {
  readonly now: number
  readonly message: Message
  /** What a notification class says, where one says it. */
  readonly composed?: Composed | null
  /** Default: all of the record's. */
  readonly channels?: readonly ChannelName[]
  /** How often it has been sent before; each time is a delivery of its own. */
  readonly round?: number
  /** Where deliveries of its type wait. Default: in the queue of their channel. */
  readonly routes?: QueueRoutes | undefined
}

/** `<notification id>.<channel>`: known without looking it up, and in the user's partition. */
export function deliveryId(notificationId: string, channel: string): string {
  return `${notificationId}.${channel}`
}

/** One, or one for each address where the channel takes only one at a time. */
function deliveriesOf(
  channel: ChannelName,
  record: NotificationRecord,
  user: UserRecord,
  { now, message, round = 0, composed = null, routes }: Making,
): DeliveryJob[] {
  const queue = routes?.queueOf(record.type) ?? null
  const usual = queue === null ? {} : { queue }
  const suffix = round === 0 ? '' : `.r${round}`
  const part = composed?.composition.parts.get(channel)
  if (!composed || part === undefined) {
    const content = contentOf(channel, record, user, message)
    return [deliveryOf(channel, record, { now, content, suffix, terms: usual })]
  }
  const given = composed.addresses[channel]
  const address = addressFor(channel, user)
  const addresses = given ?? (address === null ? [] : [address])
  const terms = { ...usual, ...termsOfPart(part, composed.composition.said) }
  const { availableAt } = part
  const title = titleOf(composed.composition.said.notification.class)
  const to = { record, title, addresses, isGiven: given !== undefined }
  return contentOfPart(channel, part.message, to).map((content, index) => {
    const which = index === 0 ? suffix : `${suffix}.${index + 1}`
    return deliveryOf(channel, record, { now, content, terms, suffix: which, availableAt })
  })
}

interface OneDelivery {
  readonly now: number
  readonly content: object
  readonly terms: JobTerms
  /** Which time, and which of several addresses. */
  readonly suffix: string
  /** Epoch milliseconds. */
  readonly availableAt?: number | null
}

function deliveryOf(
  channel: ChannelName,
  record: NotificationRecord,
  { now, content, terms, suffix, availableAt = null }: OneDelivery,
): DeliveryJob {
  const heldUntil = record.held?.[channel]
  const { channel: actual = channel } = content as { readonly channel?: string }
  const moments = [availableAt, heldUntil === undefined ? null : Date.parse(heldUntil)]
  const sendAt = Math.max(...moments.map((moment) => moment ?? 0))
  return makeJob({
    id: deliveryId(`${record.id}${suffix}`, channel),
    channel: actual,
    priority: record.priority,
    content: { ...content, about: aboutOf(record) },
    terms,
    now,
    sendAt: sendAt === 0 ? null : sendAt,
    expiresAt: record.expires_at === null ? null : Date.parse(record.expires_at),
    userId: record.user_id === '' ? null : record.user_id,
    notificationId: record.id,
  })
}

/** What people did about an alert: news of it, no alert. */
const ANSWERS: ReadonlySet<string> = new Set(
  ['acknowledged', 'snoozed', 'resolved', 'settled'].map((word) => `alert.${word}`),
)

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
  const alert = aboutAlert(record)
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

/** Which alert it speaks of, or alerts: for limits of its own, and for answers. */
function aboutAlert({ type, data }: NotificationRecord): object {
  const { alert_id, alert_ids, alert_type, source } = data
  if (typeof alert_id !== 'string') return {}
  const origin = source ?? alert_type
  const from = typeof origin === 'string' ? { alert_source: origin } : {}
  const together = Array.isArray(alert_ids) && alert_ids.length > 1 ? { alert_ids } : {}
  return { alert_id, ...together, ...from, ...(ANSWERS.has(type) ? { alert_update: true } : {}) }
}

/** What a delivery is counted as. */
function aboutOf({ type, variant }: NotificationRecord): About {
  return variant === undefined ? { type } : { type, variant }
}
