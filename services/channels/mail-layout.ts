import { escapeHtml, linkify, safeUrl } from './html.ts'
import type { MailAction, MailMessage } from './mail-message.ts'
import { DARK_AND_NARROW, PALETTE, STYLE } from './mail-style.ts'

/** What surrounds every mail. */
export interface MailFrame {
  /** Who writes, above the card: the name of the sender. */
  readonly brand: string
  readonly locale?: string | null
  /** Where a click ends these mails. */
  readonly unsubscribeUrl?: string | null
}

/**
 * The HTML of a mail: one column of at most 600 px built of tables, because
 * that is what every mail client lays out alike; styles inline, dark colours
 * where the reader prefers them, no images, nothing loaded from anywhere. All
 * text is escaped and only http, https and mailto become links.
 */
export function layoutHtml(mail: MailMessage, frame: MailFrame): string {
  const { lang, dir } = directionOf(frame.locale)
  const title = escapeHtml(mail.subject)
  return `<!doctype html>
<html lang="${lang}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${title}</title>
<style>${DARK_AND_NARROW}</style>
</head>
<body class="page" style="${STYLE.page}">
<div style="${STYLE.preview}">${escapeHtml(previewOf(mail))}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" bgcolor="${PALETTE.page}">
<tr><td align="center" class="outer" style="${STYLE.outer}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="${STYLE.column}">
<tr><td class="brand" style="${STYLE.brand}">${escapeHtml(frame.brand)}</td></tr>
<tr><td>${card(mail)}</td></tr>
<tr><td class="quiet foot" style="${STYLE.foot}">${footer(mail, frame)}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`
}

/** The same mail as plain text, for readers and machines that want no HTML. */
export function layoutText(mail: MailMessage, frame: MailFrame): string {
  const parts = [
    mail.greeting,
    ...mail.introLines,
    ...safeActions(mail).map(({ label, url }) => `${label}: ${url}`),
    ...mail.outroLines,
    mail.salutation,
  ].filter((part): part is string => part !== null && part !== '')
  const leave = safeUrl(frame.unsubscribeUrl)
  if (leave !== null) parts.push(`-- \nUnsubscribe: ${leave}`)
  return `${parts.join('\n\n')}\n`
}

function card(mail: MailMessage): string {
  const heading = escapeHtml(mail.greeting ?? mail.subject)
  const paragraphs = (lines: readonly string[]) =>
    lines.map((line) => `<p class="text" style="${STYLE.text}">${linked(line)}</p>`).join('\n')
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="card" bgcolor="${PALETTE.card}" style="${STYLE.card}">
<tr><td class="${mail.level}" bgcolor="${PALETTE[mail.level]}" style="${STYLE.accent};background:${PALETTE[mail.level]}">&nbsp;</td></tr>
<tr><td class="inner" dir="auto" style="${STYLE.inner}">
<h1 class="heading" style="${STYLE.heading}">${heading}</h1>
${paragraphs(mail.introLines)}
${buttons(mail)}
${paragraphs(mail.outroLines)}
${mail.salutation === null ? '' : `<p class="text" style="${STYLE.salutation}">${linked(mail.salutation)}</p>`}
</td></tr>
</table>`
}

function buttons(mail: MailMessage): string {
  const actions = safeActions(mail)
  if (actions.length === 0) return ''
  const cells = actions.map((action, index) => button(action, index === 0 ? mail.level : null))
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" class="buttons" style="${STYLE.buttons}"><tr><td>
${cells.join('\n')}
</td></tr></table>`
}

/** A link in a padded box: drawn alike by clients that know no border radius. */
function button({ label, url }: MailAction, level: MailMessage['level'] | null): string {
  const look = level === null ? STYLE.plainButton : `${STYLE.button};background:${PALETTE[level]}`
  const name = level === null ? 'plain' : `button ${level}`
  return `<a class="${name}" href="${escapeHtml(url)}" target="_blank" style="${look}">${escapeHtml(label)}</a>`
}

function footer(mail: MailMessage, frame: MailFrame): string {
  const parts: string[] = []
  const first = safeActions(mail)[0]
  if (first !== undefined && !first.url.startsWith('mailto:')) {
    const address = `<a class="quiet" href="${escapeHtml(first.url)}" style="${STYLE.longLink}">${escapeHtml(first.url)}</a>`
    parts.push(`If the button does not work, open this address:<br>${address}`)
  }
  const leave = safeUrl(frame.unsubscribeUrl)
  if (leave !== null) {
    const link = `<a class="quiet" href="${escapeHtml(leave)}" style="${STYLE.quietLink}">Unsubscribe</a>`
    parts.push(`You do not want these mails? ${link}`)
  }
  return parts.map((part) => `<p style="${STYLE.footLine}">${part}</p>`).join('\n')
}

function safeActions(mail: MailMessage): MailAction[] {
  return mail.actions.flatMap(({ label, url }) => {
    const safe = safeUrl(url)
    return safe === null ? [] : [{ label, url: safe }]
  })
}

/** What an inbox shows beside the subject. */
function previewOf(mail: MailMessage): string {
  return (mail.introLines[0] ?? '').replace(/\s+/g, ' ').slice(0, 140)
}

function linked(text: string): string {
  return linkify(text, STYLE.link)
}

function directionOf(locale: string | null | undefined): { lang: string; dir: 'ltr' | 'rtl' } {
  const lang = locale && /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*$/.test(locale) ? locale : 'en'
  const tag = lang.replaceAll('_', '-')
  const dir = /^(ar|fa|he|iw|ps|sd|ug|ur|yi)(-|$)/i.test(tag) ? 'rtl' : 'ltr'
  return { lang: tag, dir }
}
