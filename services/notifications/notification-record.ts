import { isoTime, type Priority } from '../../src/index.ts'
import type { ChannelChoice, ChannelName, SkipReason } from '../deliveries/channel-policy.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import type { ChannelSwitches } from '../directory/preferences.ts'
import {
  type Digest,
  type Fallback,
  type RequireAck,
  type Throttle,
  type WrittenFallback,
  type WrittenRequireAck,
  writtenAck,
  writtenFallback,
} from '../flows/flow-fields.ts'
import type { ChannelTexts, TemplateUse } from '../templates/template-use.ts'

/** Something a person can do about a notification (at most three). */
export interface Action {
  readonly type: 'view' | 'http' | 'mqtt' | 'ack' | 'reply'
  readonly label: string
  readonly [field: string]: unknown
}

/** What a publisher asks for, validated, with the seed's defaults. Moments in epoch ms. */
export interface Message {
  readonly message: string
  readonly title: string
  readonly type: string
  readonly priority: Priority
  readonly data: Readonly<Record<string, unknown>>
  readonly actions: readonly Action[]
  readonly channels: readonly ChannelName[] | null
  readonly sendAt: number | null
  readonly expiresAt: number | null
  readonly collapseKey: string | null
  /** What SMS and voice say; `null`: the message. */
  readonly shortText: string | null
  /** Whose words it takes, in the language of each recipient. */
  readonly template: TemplateUse | null
  /** The words of channels that have their own. */
  readonly texts: ChannelTexts
  readonly digest: Digest | null
  readonly throttle: Throttle | null
  readonly fallback: Fallback | null
  readonly requireAck: RequireAck | null
  /** When it is sent by the clock of each recipient, `2026-11-29T09:00`. */
  readonly localAt: string | null
  /** What it can be canceled by while it waits. */
  readonly tags: readonly string[]
  /** What may be muted by itself: a conversation, a document, a device. */
  readonly thread: string | null
  /** `false`: it is only delivered, and not put into the inbox. */
  readonly inInbox: boolean
  /** Which channels are wanted by people who have not said it; else the template or we say it. */
  readonly preferences?: ChannelSwitches
}

/** A message with the seed's defaults where nothing else is said. */
export function messageOf(given: Partial<Message> & { readonly message: string }): Message {
  return { ...DEFAULT_MESSAGE, ...given }
}

const DEFAULT_MESSAGE = {
  title: 'Notification',
  type: 'info',
  priority: 'normal',
  data: {},
  actions: [],
  channels: null,
  sendAt: null,
  expiresAt: null,
  collapseKey: null,
  shortText: null,
  template: null,
  texts: {},
  digest: null,
  throttle: null,
  fallback: null,
  requireAck: null,
  localAt: null,
  tags: [],
  thread: null,
  inInbox: true,
} as const

/** Where a notification came from, besides its message. */
export interface Origin {
  readonly broadcast_id?: string
  readonly group_id?: string
  readonly event_id?: string
  readonly template?: string
  /** Which of the template's variants it got. */
  readonly variant?: string
  readonly transaction_id?: string
  readonly recurrence_id?: string
  /** The topic or the path that it came by. */
  readonly source?: string
}

/** The origin with where the message came in; work of our own came in earlier. */
export function cameBy(origin: Origin, target: string): Origin {
  return target === '' ? origin : { ...origin, source: target }
}

/** The record of contract §4, as it is stored and as every wire shows it. */
export interface NotificationRecord extends Origin {
  readonly id: string
  readonly user_id: string
  readonly title: string
  readonly message: string
  readonly type: string
  readonly priority: Priority
  readonly data: Readonly<Record<string, unknown>>
  readonly actions: readonly Action[]
  readonly channels: readonly ChannelName[]
  readonly skipped: Readonly<Partial<Record<ChannelName, SkipReason>>>
  /** Channels that wait until somebody's quiet hours are over. */
  readonly held?: Readonly<Partial<Record<ChannelName, string>>>
  readonly read: boolean
  readonly read_at: string | null
  readonly seen_at: string | null
  readonly archived_at: string | null
  /** When a link in his mail was followed first; only where that is counted (`MAIL_TRACKING`). */
  readonly clicked_at?: string
  readonly snoozed_until: string | null
  readonly created_at: string
  /** Epoch seconds, as the seed has it. */
  readonly timestamp: number
  readonly expires_at: string | null
  readonly collapse_key: string | null
  readonly version: number
  /** `false`: it was only delivered, and does not lie in the inbox. */
  readonly in_inbox?: false
  /** The conversation, document or device that it belongs to. */
  readonly thread?: string
  /** When a client said that it has it. */
  readonly delivered_at?: string
  /** When its user acknowledged it. */
  readonly acked_at?: string
  /** What is done when nothing shows that it has arrived. */
  readonly fallback?: WrittenFallback
  readonly require_ack?: WrittenRequireAck
  /** What has been done about it: `<index>` of the action → when. */
  readonly done?: Readonly<Record<string, string>>
}

interface Making {
  readonly id: string
  readonly userId: string
  readonly message: Message
  readonly choice: ChannelChoice & Partial<Pick<DeliveryPlan, 'held' | 'inInbox'>>
  readonly origin: Origin
  readonly now: number
}

/** A fresh, unread record. */
export function makeRecord({
  id,
  userId,
  message,
  choice,
  origin,
  now,
}: Making): NotificationRecord {
  return {
    id,
    user_id: userId,
    title: message.title,
    message: message.message,
    type: message.type,
    priority: message.priority,
    data: message.data,
    actions: message.actions,
    channels: choice.channels,
    skipped: choice.skipped,
    ...heldOf(choice),
    read: false,
    read_at: null,
    seen_at: null,
    archived_at: null,
    snoozed_until: null,
    created_at: isoTime(now),
    timestamp: now / 1000,
    expires_at: message.expiresAt === null ? null : isoTime(message.expiresAt),
    collapse_key: message.collapseKey,
    version: 1,
    ...(choice.inInbox === false ? { in_inbox: false as const } : {}),
    ...(message.thread === null ? {} : { thread: message.thread }),
    ...(message.fallback === null ? {} : { fallback: writtenFallback(message.fallback) }),
    ...(message.requireAck === null ? {} : { require_ack: writtenAck(message.requireAck) }),
    ...origin,
  }
}

function heldOf({ held = {} }: Making['choice']): Pick<NotificationRecord, 'held'> {
  const entries = Object.entries(held)
  if (entries.length === 0) return {}
  return { held: Object.fromEntries(entries.map(([channel, at]) => [channel, isoTime(at)])) }
}

/** Whether a record waits to be read: in the inbox, not put away, not asleep. */
export function isUnread(record: NotificationRecord): boolean {
  const { read, archived_at, snoozed_until, in_inbox } = record
  return !read && archived_at === null && snoozed_until === null && in_inbox !== false
}
