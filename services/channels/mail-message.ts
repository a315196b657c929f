import type { Action } from '../notifications/notification-record.ts'
import { safeUrl } from './html.ts'

/** A button of a mail. The first one stands out. */
export interface MailAction {
  readonly label: string
  /** http, https or mailto; an action with any other URL is left out. */
  readonly url: string
}

/** What a mail says, before it is laid out: plain data that a job can hold. */
export interface MailMessage {
  readonly subject: string
  /** The colour of the mail, and of its first button. */
  readonly level: 'info' | 'success' | 'error'
  /** `null`: the subject stands in its place. */
  readonly greeting: string | null
  /** Paragraphs before the actions; a line break within one is kept. */
  readonly introLines: readonly string[]
  readonly actions: readonly MailAction[]
  /** Paragraphs after the actions. */
  readonly outroLines: readonly string[]
  readonly salutation: string | null
}

/** A mail that says nothing yet but its subject. */
export function mailMessage(
  subject: string,
  fields: Partial<Omit<MailMessage, 'subject'>> = {},
): MailMessage {
  return {
    subject,
    level: 'info',
    greeting: null,
    introLines: [],
    actions: [],
    outroLines: [],
    salutation: null,
    ...fields,
  }
}

/**
 * Adds a paragraph: before the button while there is none, after it from then
 * on. White space and line breaks within it become single spaces.
 */
export function withLine(mail: MailMessage, text: string): MailMessage {
  const line = text.replace(/\s+/g, ' ').trim()
  return mail.actions.length === 0
    ? { ...mail, introLines: [...mail.introLines, line] }
    : { ...mail, outroLines: [...mail.outroLines, line] }
}

/** Adds a button. */
export function withAction(mail: MailMessage, label: string, url: string): MailMessage {
  return { ...mail, actions: [...mail.actions, { label, url }] }
}

/** The mail of a plain text: its paragraphs are the lines, as they were broken. */
export function mailOfText(
  subject: string,
  text: string,
  fields: Partial<Omit<MailMessage, 'subject' | 'introLines'>> = {},
): MailMessage {
  const introLines = text
    .replace(/\r\n?/g, '\n')
    .split(/\n[ \t]*\n\s*/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
  return mailMessage(subject, { ...fields, introLines })
}

/** Those actions of a notification that a link can do: to look at something, and to acknowledge. */
export function mailActions(actions: readonly Action[]): MailAction[] {
  const linked: MailAction[] = []
  for (const { type, label, url } of actions) {
    const safe = safeUrl(url)
    if ((type === 'view' || type === 'ack') && safe !== null) linked.push({ label, url: safe })
  }
  return linked
}
