import { escapeHtml } from '../channels/html.ts'

/** A small page for people: what it is about, and at most one thing to do. */
export interface LinkPage {
  readonly title: string
  /** Paragraphs. */
  readonly lines: readonly string[]
  /** Pressing it posts to the address of the page. */
  readonly button?: string
  readonly tone: 'alert' | 'good' | 'plain'
}

const ACCENT = { alert: '#dc2626', good: '#15803d', plain: '#2563eb' } as const

/** What a browser may do with the page: no scripts, nothing loaded, one form that posts to us. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow',
} as const

/** The page as HTML, for a telephone first; everything in it is escaped. */
export function linkPageHtml({ title, lines, button, tone }: LinkPage): string {
  const paragraphs = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')
  const form =
    button === undefined
      ? ''
      : `<form method="post"><button type="submit">${escapeHtml(button)}</button></form>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${styleOf(ACCENT[tone])}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${paragraphs}
${form}
</main>
</body>
</html>
`
}

function styleOf(accent: string): string {
  return `
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#111827;--quiet:#4b5563}
@media(prefers-color-scheme:dark){:root{--page:#0b0f17;--card:#161b26;--text:#f3f4f6;--quiet:#9ca3af}}
*{box-sizing:border-box}
body{margin:0;min-height:100svh;display:grid;place-items:center;padding:16px;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:28rem;padding:24px;border-radius:16px;border-top:6px solid ${accent};background:var(--card);box-shadow:0 8px 30px rgb(0 0 0/.12);overflow-wrap:anywhere}
h1{margin:0 0 12px;font-size:1.375rem;line-height:1.25}
p{margin:0 0 12px;color:var(--quiet)}
h1+p{color:var(--text);font-size:1.0625rem;white-space:pre-line}
form{margin:20px 0 0}
button{width:100%;min-height:52px;border:0;border-radius:12px;background:${accent};color:#fff;font:inherit;font-size:1.0625rem;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid var(--text);outline-offset:3px}
`
}
