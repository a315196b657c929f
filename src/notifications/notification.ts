import type { Priority } from '../store/store.ts'
import { Current } from '../support/current.ts'
import type { Delay } from '../support/moments.ts'
import type {
  DigestOption,
  FallbackOption,
  RequireAckOption,
  ThrottleOption,
} from './flow-options.ts'
import type { JobMiddleware } from './job-middleware.ts'
import type { Mail } from './mail.ts'
import type {
  BroadcastData,
  Channel,
  DatabaseMessage,
  DiscordMessage,
  MailMessage,
  MqttMessage,
  PushMessage,
  SlackMessage,
  SmsMessage,
  VoiceMessage,
  WebhookMessage,
} from './messages.ts'
import type { Outcomes } from './outcomes.ts'
import type { Recipient } from './recipient.ts'

type MaybePromise<Value> = Value | Promise<Value>
/** One value for all channels, or one each. */
export type PerChannel<Value> = Value | Readonly<Partial<Record<Channel, Value>>>

/** Whom a notification goes to: people, or ids of users in the directory. */
export type Recipients<To> = To | string | readonly (To | string)[]

/** Addresses by channel, for somebody who is nobody's user. */
export interface OnDemand {
  /** Adds where another channel goes to. */
  route(channel: Channel, route: unknown): OnDemand
  notify(notification: Notification<never>): Promise<Outcomes>
}

/** What sends; static calls of {@link Notification} go to the one in place. */
export interface Notifier {
  send<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    options?: { readonly locale?: string },
  ): Promise<Outcomes>
  sendNow<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    channels?: readonly Channel[],
  ): Promise<Outcomes>
  route(channel: Channel, route: unknown): OnDemand
  routes(routes: Readonly<Partial<Record<Channel, unknown>>>): OnDemand
}

/** The notifier that static calls mean. */
export const currentNotifier = new Current<Notifier>(
  'Nothing can be sent yet: start Belfry with createApp() first, or put a NotificationFake in place.',
)

/**
 * Something that can be said to somebody, in the words of each channel. Fields
 * of an instance are kept in the jobs that deliver it, so they must be data:
 * what `shouldSend`, `afterSending` and `failed` need runs in a worker, maybe
 * in another process, where the class must be loaded too.
 */
export abstract class Notification<To extends Recipient = Recipient> {
  /** One for each recipient, the same on all channels; set when it is sent. */
  declare id?: string
  /** Beats whatever else says which language to speak. */
  declare locale?: string
  declare priority?: Priority
  /** Reaches people whatever they prefer, at any hour. */
  declare critical?: boolean
  /** What preferences may speak of besides the type. */
  declare category?: string
  /** Which channels people want of it who have not said it themselves, nor their tenant. */
  declare preferences?: Readonly<Partial<Record<Channel, boolean>>>
  declare expiresAt?: Date
  /** Several become one; with `toDatabase` where `key` names a part of it. */
  declare digest?: DigestOption
  declare throttle?: ThrottleOption
  declare fallback?: FallbackOption
  declare requireAck?: RequireAckOption
  /** What it can be canceled by while it waits. */
  declare tags?: readonly string[]
  /** It takes the place of the unread one with the same key. */
  declare collapseKey?: string
  /** The conversation, document or device that it belongs to, to be muted by itself. */
  declare thread?: string
  /** The queue of its jobs, unless `viaQueues` says it. */
  declare queue?: string
  /** How often a provider is asked. Default: the channel's. */
  declare tries?: number
  /** How many tries may fail: others are those that a step around it put back. */
  declare maxExceptions?: number
  /** Seconds that one try may take. */
  declare timeout?: number
  /** Set by {@link Notification.delay}. */
  declare delayed?: PerChannel<Delay>

  /** The channels; none: nothing is sent. Asked when it is sent. */
  abstract via(to: To): MaybePromise<readonly Channel[]>

  toMail?(to: To): MaybePromise<MailMessage | Mail>
  toSms?(to: To): MaybePromise<SmsMessage>
  toVoice?(to: To): MaybePromise<VoiceMessage>
  toPush?(to: To): MaybePromise<PushMessage>
  toSlack?(to: To): MaybePromise<SlackMessage>
  toDiscord?(to: To): MaybePromise<DiscordMessage>
  toWebhook?(to: To): MaybePromise<WebhookMessage>
  toMqtt?(to: To): MaybePromise<MqttMessage>
  toDatabase?(to: To): MaybePromise<DatabaseMessage>
  toBroadcast?(to: To): MaybePromise<BroadcastData>
  /** Stands in for `toDatabase`, `toBroadcast`, `toMqtt` and `toWebhook`. */
  toArray?(to: To): MaybePromise<Readonly<Record<string, unknown>>>

  /** Asked in the worker, right before it goes out; only `false` stops it. */
  shouldSend?(to: To, channel: string): MaybePromise<boolean>
  afterSending?(to: To, channel: string, response: unknown): MaybePromise<void>
  /** Once, when no further try follows. */
  failed?(error: Error, to: To, channel: string): MaybePromise<void>
  /** Beats {@link Notification.delay}. Channels that are written at once are never delayed. */
  withDelay?(to: To, channel: string): Delay | null | undefined
  /** Steps around handing it to a provider, in the worker; not for channels that are written at once. */
  middleware?(to: To, channel: string): readonly JobMiddleware[]
  /** Channel → queue. There is one store for all of them: a connection of its own is a queue with workers of its own. */
  viaQueues?(): Readonly<Partial<Record<Channel, string>>>
  /** Seconds between tries: always the same, or one after the other. */
  backoff?(): number | readonly number[]
  /** Until when it is tried, however often. */
  retryUntil?(): Date
  /** The record's type. Default: the class name, `order-shipped`. */
  databaseType?(to: To): string
  /** When its record counts as read from the beginning. Default: it is unread. */
  initialDatabaseReadAtValue?(to: To): Date | null
  /** The same again within a day has no effect. */
  deduplicationId?(to: To): string
  /** Broadcast channels. Default: the recipient's own. */
  broadcastOn?(): string | readonly string[]
  /** The event's name on broadcast channels. Default: the one that Echo's `.notification()` hears. */
  broadcastAs?(): string
  /** The `type` in its data. Default: the record's. */
  broadcastType?(): string
  /** The whole of its data, in place of what `toBroadcast` says with `id` and `type`. */
  broadcastWith?(): MaybePromise<BroadcastData>

  /** Puts it off: `n.delay(60)`, `n.delay(date)`, `n.delay({ mail: 60 })`. Seconds. */
  delay(delayed: PerChannel<Delay>): this {
    this.delayed = delayed
    return this
  }

  onQueue(queue: string): this {
    this.queue = queue
    return this
  }

  /** Tells people; answers with one outcome for each of them and each channel. */
  static send<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
  ): Promise<Outcomes> {
    return currentNotifier.get().send(to, notification)
  }

  /** The same without queues: it is out, or has failed, when the promise settles. */
  static sendNow<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    channels?: readonly Channel[],
  ): Promise<Outcomes> {
    return currentNotifier.get().sendNow(to, notification, channels)
  }

  /** To an address alone: `Notification.route('mail', 'a@b.c').route('sms', '+1…').notify(n)`. */
  static route(channel: Channel, route: unknown): OnDemand {
    return currentNotifier.get().route(channel, route)
  }

  static routes(routes: Readonly<Partial<Record<Channel, unknown>>>): OnDemand {
    return currentNotifier.get().routes(routes)
  }

  /** In this language, unless the notification has one of its own. */
  static locale(locale: string): Pick<Notifier, 'send'> {
    return {
      send: (to, notification) => currentNotifier.get().send(to, notification, { locale }),
    }
  }
}
