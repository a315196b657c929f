import type { DeliveryJob, JobHeader } from '../deliveries/delivery-job.ts'
import type { OutboxMessage } from '../deliveries/outbox.ts'
import { shownUrl } from '../deliveries/shown-delivery.ts'
import { parseMailbox } from '../directory/email-address.ts'
import { composeMail } from './email-compose.ts'
import type { EmailContent } from './email-content.ts'
import { mimeText } from './mime-text.ts'
import { smsSize } from './sms-segments.ts'

/** What a message looks like to whoever would have received it. */
export type Rendering = Pick<OutboxMessage, 'to' | 'subject' | 'text' | 'html' | 'content'>

/** Renders a job of one channel; rejects when it could never be sent. */
export type Renderer = (job: DeliveryJob, now: number) => Promise<Rendering>

type Fields = Readonly<Record<string, unknown>>

/** What a job says of itself; the rest is for the recipient. */
const HEADER: readonly (keyof JobHeader)[] = [
  'id',
  'channel',
  'priority',
  'status',
  'attempts',
  'max_attempts',
  'send_at',
  'created_at',
  'expires_at',
  'user_id',
  'notification_id',
  'history',
]
const OF_THE_JOB: readonly string[] = HEADER

/** The renderer of a channel; `from` is the sender of mails, `MAIL_FROM`. */
export function rendererOf(channel: string, from: string): Renderer {
  if (channel === 'email') return emailRenderer(from)
  return channel === 'sms' ? renderSms : renderOther
}

/** Mails are rendered by the code that sends them, to the last header. */
function emailRenderer(from: string): Renderer {
  const sender = parseMailbox(from)
  if (sender === null) throw new Error(`MAIL_FROM is not an e-mail address: ${from}`)
  return async (job, now) => {
    const content = job as DeliveryJob<EmailContent>
    const mail = composeMail(content, { from: sender, now })
    const raw = mimeText(mail).toString('latin1')
    return {
      to: recipientsOf(content),
      subject: content.subject,
      text: mail.text,
      html: mail.html,
      content: {
        cc: content.cc ?? [],
        bcc: content.bcc ?? [],
        headers: headersOf(raw.slice(0, raw.indexOf('\r\n\r\n'))),
        attachments: attachmentsOf(content),
        bytes: raw.length,
      },
    }
  }
}

/** Unfolds a header block (RFC 5322 §2.2.3). */
function headersOf(block: string): Record<string, string> {
  const lines = block.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
}

function attachmentsOf({ attachments = [] }: EmailContent) {
  return attachments.map(({ filename, content, content_type }) => ({
    filename,
    content_type: content_type ?? null,
    bytes: Buffer.byteLength(content, 'base64'),
  }))
}

function renderSms(job: DeliveryJob): Promise<Rendering> {
  const { phone, message } = contentOf(job)
  const text = textOf(message)
  const to = textOf(phone)
  return Promise.resolve({ to, subject: null, text, html: null, content: { ...smsSize(text) } })
}

/** Other channels as what their job holds; addresses that are secrets are shortened. */
function renderOther(job: DeliveryJob): Promise<Rendering> {
  const { url, ...content } = contentOf(job)
  const { phone, tokens, title, message, body } = content
  const to = typeof url === 'string' ? shownUrl(url) : (phone ?? tokens ?? job.user_id)
  return Promise.resolve({
    to: listOf(to),
    subject: typeof title === 'string' ? title : null,
    text: textOf(message ?? body),
    html: null,
    content,
  })
}

function contentOf(job: DeliveryJob): Fields {
  return Object.fromEntries(Object.entries(job).filter(([name]) => !OF_THE_JOB.includes(name)))
}

function recipientsOf({ to, names = {} }: EmailContent): string {
  const shown = [to ?? []].flat().map((one) => (names[one] ? `${names[one]} <${one}>` : one))
  return shown.join(', ')
}

function listOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value == null ? '' : JSON.stringify(value)
}
