import type { Priority } from '../../../src/index.ts'
import type { DeliveryJob } from '../../deliveries/delivery-job.ts'
import type { Action, NotificationRecord } from '../../notifications/notification-record.ts'
import { mailActions } from '../mail-message.ts'

/** What the job of a chat or webhook delivery holds. */
export interface PostContent {
  /** Where to: an http(s) URL, or one whose scheme names a vendor. */
  readonly url: string | null
  readonly title: string
  readonly message: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly notification: NotificationRecord
  /** What goes to a webhook in place of the notification. */
  readonly payload?: object
  /** Whether the operator configured the URL: then it may lead anywhere. */
  readonly is_trusted?: boolean
  /** What a notification class made for this channel; it takes the place of the above. */
  readonly slack?: OwnSlack
  readonly discord?: Readonly<Record<string, string>>
  readonly webhook?: { readonly payload: object; readonly type?: string }
}

interface OwnSlack {
  readonly text: string
  readonly markdown: boolean
  readonly channel?: string
  readonly username?: string
  readonly icon_emoji?: string
}

export type PostJob = DeliveryJob<PostContent>

/** A notification as every chat shows it; each vendor's file only puts it into its own words. */
export interface PostMessage {
  /** The notification's id. */
  readonly id: string
  readonly title: string
  readonly text: string
  readonly type: string
  readonly priority: Priority
  /** What a press opens, and the alert that it acknowledges; no other actions can be offered from outside. */
  readonly links: readonly {
    readonly label: string
    readonly url: string
    readonly alertId?: string
  }[]
  /** Whom it is for; `null`: an address that belongs to nobody. */
  readonly userId: string | null
  readonly createdAt: string
  /** What belongs together: an alert, or a message and what replaces it. */
  readonly thread: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What a delivery has to say. */
export function postMessageOf(job: PostJob): PostMessage {
  const { title, message, type, data, notification, user_id: userId } = job
  const { id, priority, actions, created_at, collapse_key } = notification
  const alert = data.alert_id
  return {
    id,
    title,
    text: message,
    type,
    priority,
    links: actions.flatMap(linkOf),
    userId,
    createdAt: created_at,
    thread: typeof alert === 'string' ? alert : (collapse_key ?? id),
    data,
  }
}

function linkOf(action: Action): PostMessage['links'] {
  const links = mailActions([action]).filter(({ url }) => url.startsWith('http'))
  const { type, alert_id: alertId } = action
  if (type !== 'ack' || typeof alertId !== 'string') return links
  return links.map((link) => ({ ...link, alertId }))
}

/** A text of at most `limit` UTF-16 units, no character cut in two; what was cut ends with `…`. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  const kept = text.slice(0, limit - 1)
  return `${kept.replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The same for a limit in bytes of UTF-8. */
export function shortenBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return `${decoder.decode(bytes.subarray(0, limit - 3), { stream: true })}…`
}
