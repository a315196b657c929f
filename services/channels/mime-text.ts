import { randomUUID } from 'node:crypto'
import * as base64 from 'nodemailer/lib/base64'
import MimeNode from 'nodemailer/lib/mime-node'
import * as qp from 'nodemailer/lib/qp'
import type { Mailbox } from '../directory/email-address.ts'
import { headerLine, headerText, isForeign, mailboxes } from './mime-header.ts'

/** A file that travels with a mail. */
export interface MimeAttachment {
  readonly filename: string
  readonly content: Buffer
  /** Absent: as the name of the file says. */
  readonly contentType?: string
}

/** Everything that a mail says; nothing in it is read from anywhere. */
export interface Mail {
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly bcc: readonly Mailbox[]
  readonly replyTo?: Mailbox
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly attachments: readonly MimeAttachment[]
  readonly date: Date
  /** This id and the others in angle brackets, checked. */
  readonly messageId: string
  readonly inReplyTo?: string
  readonly references?: readonly string[]
  /** Further ones; their names are checked. */
  readonly headers: Readonly<Record<string, string>>
}

type Multipart = 'mixed' | 'alternative'

/** Lines that are longer are encoded; servers must take 998 octets, and some take no more than 990. */
const LONGEST_LINE = 900
const PLAIN = /^[\t\r\n\x20-\x7e]*$/

/**
 * A mail as it goes over the line (RFC 5322, 2045, 2046), in one piece: written
 * through nodemailer's streams it would take longer than all the rest of sending.
 */
export function mimeText(mail: Mail): Buffer {
  const id = randomUUID()
  const words = joined('alternative', id, [
    textPart('plain', mail.text),
    textPart('html', mail.html),
  ])
  if (mail.attachments.length === 0) return whole(mail, container('alternative', id), words)
  const first = `${container('alternative', id)}\r\n\r\n${words}`
  const files = mail.attachments.map(attached)
  return whole(mail, container('mixed', id), joined('mixed', id, [first, ...files]))
}

/** Whatever is not ASCII is encoded by now, or bytes. */
function whole(mail: Mail, contentType: string, body: string): Buffer {
  const lines = [...headersOf(mail), 'MIME-Version: 1.0', contentType]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

function headersOf(mail: Mail): string[] {
  const { from, to, cc, replyTo, inReplyTo, references } = mail
  return [
    ...Object.entries(mail.headers).map(([name, text]) => headerLine(name, headerText(text))),
    headerLine('From', mailboxes([from])),
    ...(to.length > 0 ? [headerLine('To', mailboxes(to))] : []),
    ...(cc.length > 0 ? [headerLine('Cc', mailboxes(cc))] : []),
    ...(replyTo ? [headerLine('Reply-To', mailboxes([replyTo]))] : []),
    ...(inReplyTo ? [headerLine('In-Reply-To', inReplyTo)] : []),
    ...(references ? [headerLine('References', references.join(' '))] : []),
    ...(mail.subject ? [headerLine('Subject', headerText(mail.subject))] : []),
    `Message-ID: ${mail.messageId}`,
    `Date: ${mail.date.toUTCString().replace('GMT', '+0000')}`,
  ]
}

/** Neither boundary begins with the other. */
function container(kind: Multipart, id: string): string {
  return `Content-Type: multipart/${kind};\r\n boundary="${kind}-${id}"`
}

function joined(kind: Multipart, id: string, parts: readonly string[]): string {
  const line = `--${kind}-${id}`
  return `${parts.map((part) => `${line}\r\n${part}\r\n`).join('')}${line}--\r\n`
}

/** Text has the line breaks of mail before it is encoded (RFC 2045 §6.8). */
function textPart(kind: 'plain' | 'html', text: string): string {
  const [encoding, body] = encoded(text.replace(/\r\n?|\n/g, '\r\n'))
  const head = `Content-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}`
  return `${head}\r\n\r\n${body}`
}

function encoded(lines: string): readonly [string, string] {
  if (PLAIN.test(lines) && !hasLongLine(lines)) return ['7bit', lines]
  if (isForeign(lines)) return ['base64', base64.wrap(base64.encode(lines))]
  return ['quoted-printable', qp.wrap(qp.encode(lines))]
}

function hasLongLine(lines: string): boolean {
  return lines.split('\r\n').some(({ length }) => length > LONGEST_LINE)
}

/** A message within a message may not be encoded (RFC 2046 §5.2.1); whatever else is bytes is. */
function attached({ filename, content, contentType = '' }: MimeAttachment): string {
  const isMessage = /^message\//i.test(contentType)
  const part = new MimeNode().createChild(contentType, { filename })
  part.setHeader({
    'Content-Disposition': isMessage ? 'inline' : 'attachment',
    'Content-Transfer-Encoding': isMessage ? '8bit' : 'base64',
  })
  const body = isMessage ? content.toString('latin1') : base64.wrap(base64.encode(content))
  return `${part.buildHeaders()}\r\n\r\n${body}`
}
