import type { Action } from '../notifications/notification-record.ts'
import type { MailMessage } from './mail-message.ts'

/** Bytes that travel with a mail; never a path or an address to read from. */
export interface EmailAttachment {
  readonly filename: string
  /** Base64. */
  readonly content: string
  readonly content_type?: string | null
}

/** What a mail's job holds: the seed's fields, and what else a mail can have. */
export interface EmailContent {
  readonly to: string | readonly string[] | null
  /** How recipients are called, by address; said by application code, never by a payload. */
  readonly names?: Readonly<Record<string, string>>
  readonly subject: string
  readonly body: string
  /** The publisher's own HTML, sent as it is; without it the body is laid out. */
  readonly html_body?: string | null
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  readonly reply_to_address?: string | null
  readonly attachments?: readonly EmailAttachment[]
  /** A sender other than `MAIL_FROM`; never taken from a payload. */
  readonly from?: string | null
  /** A Message-ID of the caller's own, for the first mail of a thread. */
  readonly message_id?: string | null
  /** Message-IDs of the thread that this mail belongs to, oldest first. */
  readonly references?: readonly string[]
  /** Further headers; those that decide whom and what is sent are left alone. */
  readonly headers?: Readonly<Record<string, string>>
  readonly actions?: readonly Action[]
  /** Where a POST unsubscribes at once (RFC 8058). */
  readonly unsubscribe_url?: string | null
  /** A picture that tells that the mail was opened. */
  readonly open_url?: string | null
  /** The alert that the mail speaks of: its mails are one thread. */
  readonly alert_id?: string
  readonly locale?: string | null
  /** A mail composed of lines; takes the place of body and actions. */
  readonly mail?: MailMessage | null
  /** Whom the envelope still names, once some recipients were served and others deferred. */
  readonly pending?: readonly string[]
  /** Recipients that were refused for good at an earlier try, with the server's words. */
  readonly refused?: readonly string[]
}
