import type {
  DiscordMessage,
  MailMessage,
  MqttMessage,
  Part,
  PushMessage,
  Said,
  SlackMessage,
  SmsMessage,
  WebhookMessage,
} from '../../src/index.ts'
import type { EmailContent } from '../channels/email-content.ts'
import { mailMessage } from '../channels/mail-message.ts'
import { parseMailbox } from '../directory/email-address.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { JobTerms } from './delivery-job.ts'

interface Addressed {
  readonly record: NotificationRecord
  /** What a mail is called that does not say it. */
  readonly title: string
  readonly addresses: readonly string[]
  /** Whether the recipient said the addresses himself; else they are from the directory. */
  readonly isGiven: boolean
}

/** What the jobs of one channel hold of the message that a class made for it: one for each address. */
export function contentOfPart(channel: string, message: unknown, to: Addressed): object[] {
  const { record, addresses, isGiven } = to
  const each = (content: (address: string) => object) => addresses.map(content)
  switch (channel) {
    case 'email':
      return [mailContent(message as MailMessage, to)]
    case 'sms':
    case 'voice': {
      const { content, fromNumber } = message as SmsMessage
      const from = fromNumber === undefined ? {} : { from: fromNumber }
      return each((phone) => ({ phone, message: content, ...from }))
    }
    case 'push':
      return [pushContent(message as PushMessage, isGiven ? addresses : null)]
    case 'mqtt':
      return [mqttContent(message as MqttMessage, record, isGiven ? addresses[0] : undefined)]
    case 'slack':
      return each((url) => ({
        ...postContent(url, record),
        slack: slackOf(message as SlackMessage),
      }))
    case 'discord':
      return each((url) => ({
        ...postContent(url, record),
        discord: discordOf(message as DiscordMessage),
      }))
    case 'webhook':
      return each((url) => ({
        ...postContent(url, record),
        webhook: message as WebhookMessage,
      }))
    case 'broadcast':
      // The desk has put it into the words of the queue of broadcasts.
      return [message as object]
    default:
      return each((address) => ({ address, own: message, title: record.title }))
  }
}

/** How the jobs of a part are worked on. */
export function termsOfPart(part: Part, said: Said): JobTerms {
  return {
    said,
    ...(part.queue === null ? {} : { queue: part.queue }),
    ...(part.tries === null ? {} : { max_attempts: part.tries }),
    ...(part.maxExceptions === null ? {} : { max_exceptions: part.maxExceptions }),
    ...(part.backoffMs.length === 0 ? {} : { backoff_ms: part.backoffMs }),
    ...(part.timeoutMs === null ? {} : { timeout_ms: part.timeoutMs }),
    ...(part.retryUntil === null ? {} : { retry_until: part.retryUntil / 1000 }),
  }
}

function mailContent(message: MailMessage, { title, addresses }: Addressed): EmailContent {
  const { line = [], lines = [] } = message
  const subject = message.subject ?? title
  const intro = [line].flat() as string[]
  return {
    ...recipientsOf(addresses),
    subject,
    body: message.text ?? [...intro, ...lines].join('\n\n'),
    html_body: message.html ?? null,
    ...(message.text === undefined ? { mail: laidOut(message, subject) } : {}),
    ...(message.from === undefined ? {} : { from: message.from }),
    ...(message.replyTo === undefined ? {} : { reply_to_address: message.replyTo }),
    ...(message.cc === undefined ? {} : { cc: message.cc }),
    ...(message.bcc === undefined ? {} : { bcc: message.bcc }),
    ...headersOf(message),
    ...(message.attachments === undefined ? {} : { attachments: attachmentsOf(message) }),
  }
}

function laidOut(message: MailMessage, subject: string) {
  const { level, greeting, line = [], lines = [], salutation, actionText, actionUrl } = message
  return mailMessage(subject, {
    level: level ?? 'info',
    greeting: greeting ?? null,
    introLines: [line].flat() as string[],
    actions: actionText === undefined ? [] : [{ label: actionText, url: actionUrl }],
    outroLines: lines,
    salutation: salutation ?? null,
  })
}

function headersOf({ headers = {}, priority, tags = [], metadata = {} }: MailMessage) {
  const named = Object.entries(metadata).map(([name, value]) => [`X-Metadata-${name}`, value])
  const all: Record<string, string> = {
    ...(priority === undefined ? {} : { 'X-Priority': String(priority) }),
    ...(tags.length === 0 ? {} : { 'X-Tag': tags.join(', ') }),
    ...(Object.fromEntries(named) as Record<string, string>),
    ...headers,
  }
  return Object.keys(all).length === 0 ? {} : { headers: all }
}

/** Application code may say how somebody is called: `Name <address>`. */
function recipientsOf(entries: readonly string[]): Pick<EmailContent, 'to' | 'names'> {
  const boxes = entries.map((entry) => parseMailbox(entry) ?? { address: entry, name: '' })
  const to = boxes.map(({ address }) => address)
  const named = boxes.filter(({ name }) => name !== '')
  const names = Object.fromEntries(named.map(({ address, name }) => [address, name]))
  return { to: to.length === 1 ? to[0]! : to, ...(named.length > 0 ? { names } : {}) }
}

function attachmentsOf({ attachments = [] }: MailMessage) {
  return attachments.map(({ filename, content, contentType }) => ({
    filename,
    content: Buffer.from(content as string).toString('base64'),
    ...(contentType === undefined ? {} : { content_type: contentType }),
  }))
}

function pushContent(message: PushMessage, tokens: readonly string[] | null): object {
  const { title, body = '', icon, clickAction, data = {} } = message
  const extras = {
    ...(icon === undefined ? {} : { icon }),
    ...(clickAction === undefined ? {} : { click_action: clickAction }),
  }
  return { title, body, data: { ...data, ...extras }, ...(tokens === null ? {} : { tokens }) }
}

function mqttContent(
  { topic, payload, retain = false }: MqttMessage,
  record: NotificationRecord,
  given: string | undefined,
): object {
  const target = topic ?? given ?? `users/${record.user_id}/inbox`
  return { notification: record, mqtt: { topic: target, payload, retain } }
}

function postContent(url: string, record: NotificationRecord): object {
  const { title, message, type, data } = record
  return { url, title, message, type, data, notification: record }
}

function slackOf({ text, channel, username, iconEmoji, markdown = false }: SlackMessage) {
  return {
    ...{ text, markdown },
    ...(channel === undefined ? {} : { channel }),
    ...(username === undefined ? {} : { username }),
    ...(iconEmoji === undefined ? {} : { icon_emoji: iconEmoji }),
  }
}

function discordOf({ content, username, avatarUrl }: DiscordMessage) {
  return {
    content,
    ...(username === undefined ? {} : { username }),
    ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
  }
}
