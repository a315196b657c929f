import type { Priority } from '../../src/index.ts'
import type { EmailAttachment } from '../channels/email-content.ts'
import type { Action } from './notification-record.ts'

/** When and how urgently; moments in epoch ms, `null`: at once, never. */
interface Timing {
  readonly priority: Priority
  readonly sendAt: number | null
  readonly expiresAt: number | null
}

/** A mail to bare addresses, validated. */
export interface EmailMessage extends Timing {
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
  readonly htmlBody: string | null
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: string | null
  readonly attachments: readonly EmailAttachment[]
  readonly actions: readonly Action[]
}

/** A text message to a number in international form. */
export interface SmsMessage extends Timing {
  readonly phone: string
  readonly message: string
}

export const PLATFORMS = ['android', 'ios', 'web'] as const
export type Platform = (typeof PLATFORMS)[number]

/** A push notification, to devices by their tokens or to all devices of a user on one platform. */
export interface PushMessage extends Timing {
  readonly platform: Platform
  readonly tokens: readonly string[]
  readonly userId: string | null
  readonly title: string
  readonly body: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What a mail's job holds of the message, under the seed's names. */
export function emailContent(message: EmailMessage): object {
  const { to, subject, body, htmlBody, cc, bcc, replyTo, attachments, actions } = message
  return {
    to: to.length === 1 ? to[0] : to,
    subject,
    body,
    html_body: htmlBody,
    ...(cc.length > 0 ? { cc } : {}),
    ...(bcc.length > 0 ? { bcc } : {}),
    ...(replyTo === null ? {} : { reply_to_address: replyTo }),
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(actions.length > 0 ? { actions } : {}),
  }
}

/** What a push notification's job holds; without tokens the sender asks for the user's devices. */
export function pushContent({ platform, tokens, title, body, data }: PushMessage): object {
  return { platform, ...(tokens.length > 0 ? { tokens } : {}), title, body, data }
}

/** Of a text, for those who watch. */
const SHOWN_CHARACTERS = 200

/** What a job says and to whom, for those who watch; a URL may be a secret. */
export function shownContent(content: object) {
  const { to, phone, tokens, url, subject, title, body, message } = content as Readonly<
    Record<string, unknown>
  >
  const devices = Array.isArray(tokens) ? `${tokens.length} devices` : ''
  const host = typeof url === 'string' ? (URL.parse(url)?.host ?? '') : devices
  const text = String(message ?? body ?? '').slice(0, SHOWN_CHARACTERS)
  return { to: String(to ?? phone ?? host), title: subject ?? title ?? null, message: text }
}
