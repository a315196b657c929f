/**
 * What a notification says on each channel: plain objects, so that a wrong one
 * does not compile and a job can hold it. Names are the seed's, in camelCase.
 *
 * @module
 */

/** Bytes that travel with a mail. */
export interface MailAttachment {
  readonly filename: string
  /** A text is taken as it is; nothing is read from a path or an address. */
  readonly content: string | Uint8Array
  readonly contentType?: string
}

/** A button needs both, or there is none. */
type MailAction =
  | { readonly actionText: string; readonly actionUrl: string }
  | { readonly actionText?: never; readonly actionUrl?: never }

/** A mail of paragraphs and a button, laid out as HTML and as text. */
export type MailMessage = MailAction & {
  /** Default: the name of the class in words. */
  readonly subject?: string
  /** The colour of the mail. */
  readonly level?: 'info' | 'success' | 'error'
  readonly greeting?: string
  /** Before the button. */
  readonly line?: string | readonly string[]
  /** After the button. */
  readonly lines?: readonly string[]
  readonly salutation?: string
  /** HTML of your own in place of all the above; escape what people wrote. */
  readonly html?: string
  /** Plain text of your own in place of what the above says. */
  readonly text?: string
  /** `address` or `Name <address>`; default: `MAIL_FROM`. */
  readonly from?: string
  readonly replyTo?: string
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  readonly attachments?: readonly MailAttachment[]
  readonly headers?: Readonly<Record<string, string>>
  /** How urgent mail programs show it to be: 1 is the most, 3 as usual (`X-Priority`). */
  readonly priority?: 1 | 2 | 3 | 4 | 5
  /** For the provider's own statistics (`X-Tag`). */
  readonly tags?: readonly string[]
  /** The same by name (`X-Metadata-<name>`). */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface SmsMessage {
  readonly content: string
  /** Default: `TWILIO_FROM`. */
  readonly fromNumber?: string
}

/** What is read out in a call. */
export interface VoiceMessage {
  readonly content: string
}

export interface PushMessage {
  readonly title: string
  readonly body?: string
  /** Handed to the app as `icon`. */
  readonly icon?: string
  /** Texts only: the services take nothing else. */
  readonly data?: Readonly<Record<string, string>>
  /** Handed to the app as `click_action`. */
  readonly clickAction?: string
}

export interface SlackMessage {
  readonly text: string
  /** Only webhooks of the old kind, and the bot, may choose. */
  readonly channel?: string
  readonly username?: string
  /** `:wave:` */
  readonly iconEmoji?: string
  /** Whether the text is Slack's own markup, in which `<!channel>` calls everybody. Default: no. */
  readonly markdown?: boolean
}

export interface DiscordMessage {
  readonly content: string
  readonly username?: string
  readonly avatarUrl?: string
}

export interface WebhookMessage {
  /** The `data` of the signed post. */
  readonly payload: Readonly<Record<string, unknown>>
  /** Default: `notification.created`. */
  readonly type?: string
}

export interface MqttMessage {
  /** Default: `users/{user_id}/inbox`. */
  readonly topic?: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly retain?: boolean
}

/** What is shown in the app; what is more than title and message goes into its `data`. */
export interface DatabaseMessage {
  readonly title?: string
  readonly message?: string
  /** `actionUrl` becomes the record's first action. */
  readonly actionUrl?: string
  readonly icon?: string
  readonly [field: string]: unknown
}

/** The data of the event on broadcast channels. */
export type BroadcastData = Readonly<Record<string, unknown>>

/** Channel → what it takes. */
export interface Messages {
  readonly database: DatabaseMessage
  readonly realtime: DatabaseMessage
  readonly broadcast: BroadcastData
  readonly mail: MailMessage
  readonly sms: SmsMessage
  readonly voice: VoiceMessage
  readonly push: PushMessage
  readonly slack: SlackMessage
  readonly discord: DiscordMessage
  readonly webhook: WebhookMessage
  readonly mqtt: MqttMessage
}

/** The channels that Belfry brings; `email` is another name of `mail`. */
export type BuiltInChannel = keyof Messages | 'email'

/** A channel by name: one of ours, or one that you added. */
export type Channel = BuiltInChannel | (string & Record<never, never>)
