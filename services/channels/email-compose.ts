import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import {
  domainOf,
  type Mailbox,
  parseEmailAddress,
  parseMailbox,
} from '../directory/email-address.ts'
import type { EmailContent } from './email-content.ts'
import { escapeHtml, safeUrl } from './html.ts'
import { layoutHtml, layoutText } from './mail-layout.ts'
import { type MailMessage, mailActions, mailOfText } from './mail-message.ts'
import type { Mail } from './mime-text.ts'

/** Why a mail can never be sent as it is. */
export class UnsendableMail extends Error {}

/** Headers that a message may not set: they decide whom and what is sent. */
const OURS =
  /^(from|to|cc|bcc|sender|reply-to|return-path|subject|date|message-id|in-reply-to|references|mime-version|received|dkim-signature|list-unsubscribe.*|content-.*|resent-.*)$/i
const HEADER_NAME = /^[A-Za-z0-9-]{1,76}$/
const MESSAGE_ID = /^<[^<>\s@]{1,200}@[^<>\s@]{1,200}>$/

export interface ComposeOptions {
  /** Who writes, unless the content names somebody else. */
  readonly from: Mailbox
  /** Epoch milliseconds, for the Date header. */
  readonly now: number
}

/**
 * What a mail says: text and HTML, every recipient one validated
 * address, and a Message-ID that follows from the job, so that a mail sent a
 * second time after a lost answer is recognised by whoever received the first.
 * Throws {@link UnsendableMail} when there is nobody to send it to.
 */
export function composeMail(
  job: DeliveryJob<EmailContent>,
  { from: sender, now }: ComposeOptions,
): Mail {
  const from = job.from == null ? sender : mailbox(job.from)
  const to = addresses(job.to).map(({ address }) => ({ address, name: job.names?.[address] ?? '' }))
  const recipients = { to, cc: addresses(job.cc), bcc: addresses(job.bcc) }
  if (recipients.to.length + recipients.cc.length + recipients.bcc.length === 0) {
    throw new UnsendableMail('the mail has no recipient')
  }
  const leave = safeUrl(job.unsubscribe_url)
  return {
    from,
    ...recipients,
    ...(job.reply_to_address ? { replyTo: recipient(job.reply_to_address) } : {}),
    subject: job.subject,
    ...bodies(job, from, leave),
    attachments: (job.attachments ?? []).map(({ filename, content, content_type }) => ({
      filename,
      content: Buffer.from(content, 'base64'),
      ...(content_type ? { contentType: content_type } : {}),
    })),
    date: new Date(now),
    messageId: messageIdOf(job, sender),
    ...threading(job, sender),
    headers: headersOf(job, leave),
  }
}

/** Who sends, and to whom, as the server is told (RFC 5321). */
export interface Envelope {
  readonly from: string
  readonly to: string[]
}

/** Names everybody once, and those alone who are still to get the mail. */
export function envelopeOf(
  { from, to, cc, bcc }: Mail,
  { pending }: Pick<EmailContent, 'pending'>,
): Envelope {
  const recipients = pending ? addresses(pending) : [...to, ...cc, ...bcc]
  return { from: from.address, to: [...new Set(recipients.map(({ address }) => address))] }
}

/** `<job id@domain of the sender>`: the same at every try. */
export function messageIdOf(
  job: Pick<DeliveryJob<EmailContent>, 'id' | 'message_id'>,
  sender: Mailbox,
): string {
  const own = job.message_id
  return own && MESSAGE_ID.test(own) ? own : `<${job.id}@${domainOf(sender.address)}>`
}

function bodies(job: DeliveryJob<EmailContent>, from: Mailbox, unsubscribeUrl: string | null) {
  const mail = mailOf(job)
  const brand = from.name || domainOf(from.address)
  const frame = { brand, locale: job.locale ?? null, unsubscribeUrl }
  const html = job.html_body || layoutHtml(mail, frame)
  return { text: layoutText(mail, frame), html: withPixel(html, safeUrl(job.open_url)) }
}

/** At the end, so that nothing waits for it. */
function withPixel(html: string, url: string | null): string {
  if (url === null) return html
  const pixel = `<img src="${escapeHtml(url)}" width="1" height="1" alt="" style="border:0">`
  return /<\/body>/i.test(html)
    ? html.replace(/<\/body>/i, (end) => `${pixel}${end}`)
    : `${html}${pixel}`
}

function mailOf(job: DeliveryJob<EmailContent>): MailMessage {
  if (job.mail) return { ...job.mail, subject: job.subject }
  const level = job.priority === 'critical' ? 'error' : 'info'
  return mailOfText(job.subject, job.body, { level, actions: mailActions(job.actions ?? []) })
}

/**
 * Mails of one alert answer a first one that was never sent: its name follows
 * from the alert, so that they are one thread for everybody without a record of
 * what was sent to whom.
 */
function threading({ references = [], alert_id }: EmailContent, sender: Mailbox) {
  const named = references.filter((id) => MESSAGE_ID.test(id))
  const root = alert_id === undefined ? '' : `<alert-${alert_id}@${domainOf(sender.address)}>`
  const known = named.length === 0 && MESSAGE_ID.test(root) ? [root] : named
  const last = known.at(-1)
  return last === undefined ? {} : { references: known, inReplyTo: last }
}

function headersOf(job: EmailContent, unsubscribeUrl: string | null): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(job.headers ?? {})) {
    if (HEADER_NAME.test(name) && !OURS.test(name)) headers[name] = value
  }
  if (unsubscribeUrl?.startsWith('http')) {
    headers['List-Unsubscribe'] = `<${unsubscribeUrl}>`
    // RFC 8058 §3.1: without this header a click would only open the page.
    headers['List-Unsubscribe-Post'] = 'List-Unsubscribe=One-Click'
  }
  return headers
}

function addresses(entries: string | readonly string[] | null | undefined): Mailbox[] {
  return (typeof entries === 'string' ? [entries] : (entries ?? [])).map(recipient)
}

function recipient(entry: string): Mailbox {
  const address = parseEmailAddress(entry)
  if (address === null) throw new UnsendableMail(`not one e-mail address: ${JSON.stringify(entry)}`)
  return { name: '', address }
}

function mailbox(entry: string): Mailbox {
  const found = parseMailbox(entry)
  if (found === null) throw new UnsendableMail(`not a sender: ${JSON.stringify(entry)}`)
  return found
}
