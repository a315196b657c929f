const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** No button of any vendor's takes a longer one. */
const MOST_URL = 2048

/** A link that a message may hold: http, https or mailto, normalised; `null` for anything else. */
export function safeUrl(text: unknown): string | null {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null || url.href.length > MOST_URL) return null
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null
}

/** Escaped text in which bare web addresses are links and line breaks are kept. */
export function linkify(text: string, style: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/i)
    .map((part, index) => (index % 2 === 1 ? link(part, style) : escapeHtml(part)))
    .join('')
    .replace(/\r?\n/g, '<br>')
}

function link(text: string, style: string): string {
  const url = safeUrl(text)
  if (url === null) return escapeHtml(text)
  return `<a class="link" href="${escapeHtml(url)}" style="${style}">${escapeHtml(text)}</a>`
}
