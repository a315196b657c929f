import type { Draft } from './draft.ts'
import { url } from './values.ts'
import { optional } from './variable.ts'

/** One mail server, by the name that `EMAIL_PROVIDERS` gives it. */
export interface SmtpServer {
  readonly name: string
  /** `smtp(s)://user:pass@host:port`, credentials percent-encoded. */
  readonly url: string
}

const SERVER = optional(url('smtp', 'smtps'), { about: 'A mail server.', secrecy: 'credentials' })

/** Mail servers in the order in which they are tried; none: the outbox. */
export function mailConfig(draft: Draft): {
  readonly smtp: readonly SmtpServer[]
  readonly mailFrom: string
} {
  const smtp = serversOf(draft)
  if (smtp.length > 0 && !draft.isGiven('MAIL_FROM')) {
    draft.warn(`MAIL_FROM is not set; mails are sent as ${draft.values.MAIL_FROM}.`)
  }
  return { smtp, mailFrom: draft.values.MAIL_FROM }
}

function serversOf(draft: Draft): readonly SmtpServer[] {
  const first = firstServer(draft)
  const names = draft.values.EMAIL_PROVIDERS
  if (names === undefined) return first === null ? [] : [{ name: 'smtp', url: first }]
  if (names.length === 1 && names[0] === 'outbox') return []
  return [...new Set(names)].map((name) => ({
    name,
    url: (name === 'smtp' ? requireFirst(draft, first) : namedServer(draft, name)) ?? '',
  }))
}

function requireFirst(draft: Draft, first: string | null): string | null {
  if (first === null && !draft.isGiven('SMTP_URL')) {
    draft.complain('SMTP_URL', 'a value, since EMAIL_PROVIDERS names smtp', null)
  }
  return first
}

function namedServer(draft: Draft, name: string): string | null {
  const variable = `${name.toUpperCase()}_URL`
  const value = draft.readExtra('E-mail', variable, SERVER)
  if (typeof value === 'string') return value
  draft.complain(variable, `a URL, smtp://…, since EMAIL_PROVIDERS names ${name}`, null)
  return null
}

function firstServer({ values }: Draft): string | null {
  if (values.SMTP_URL !== undefined) return values.SMTP_URL
  if (values.SMTP_HOST === undefined) return null
  const { SMTP_USERNAME: user, SMTP_PASSWORD: password, SMTP_PORT: port } = values
  const scheme = port === 465 ? 'smtps' : 'smtp'
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const login = user === undefined ? '' : `${encodeURIComponent(user)}${secret}@`
  const host = values.SMTP_HOST.includes(':') ? `[${values.SMTP_HOST}]` : values.SMTP_HOST
  return `${scheme}://${login}${host}:${port}`
}
