import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layoutHtml, layoutText } from '../../../services/channels/mail-layout.ts'
import {
  type MailMessage,
  mailActions,
  mailMessage,
  mailOfText,
  withAction,
  withLine,
} from '../../../services/channels/mail-message.ts'

const FRAME = { brand: 'Belfry' }

/** The tags of a document, and the addresses that it points to. */
function tagsOf(html: string): string[] {
  return [...html.matchAll(/<\/?([a-z0-9!]+)/gi)].map((match) => match[1]!.toLowerCase())
}

function linksOf(html: string): string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!)
}

describe('a mail of lines', () => {
  const mail = [
    (m: MailMessage) => withLine(m, 'The  disk\n\tis full.'),
    (m: MailMessage) => withAction(m, 'Look', 'https://example.org/disk'),
    (m: MailMessage) => withLine(m, 'Nobody has looked yet.'),
  ].reduce((m, step) => step(m), mailMessage('Disk', { greeting: 'Hello!', salutation: 'Bye' }))

  it('[S0-011] has lines before the button and after it, white space collapsed', () => {
    expect(mail.introLines).toEqual(['The disk is full.'])
    expect(mail.outroLines).toEqual(['Nobody has looked yet.'])
  })

  it('reads the same in HTML and in text', () => {
    const words = ['Hello!', 'The disk is full.', 'Look', 'Nobody has looked yet.', 'Bye']
    for (const rendered of [layoutHtml(mail, FRAME), layoutText(mail, FRAME)]) {
      const body = rendered.slice(rendered.indexOf('<h1') + 1)
      const places = words.map((word) => body.indexOf(word))
      expect(places).not.toContain(-1)
      expect(places).toEqual([...places].sort((a, b) => a - b))
    }
    expect(layoutText(mail, FRAME)).toContain('Look: https://example.org/disk')
  })

  it('has the subject as its heading where nobody is greeted', () => {
    expect(layoutHtml(mailMessage('Disk & more'), FRAME)).toMatch(/<h1[^>]*>Disk &amp; more<\/h1>/)
  })
})

describe('layoutHtml()', () => {
  it('escapes everything that somebody wrote', () => {
    const tags = tagsOf(layoutHtml(mailMessage('x', { introLines: ['y'] }), FRAME))
    fc.assert(
      fc.property(
        fc.constantFrom('<img src=x onerror=alert(1)>', '"><script>', "'</td>", '<!--', '&lt;'),
        fc.string(),
        (attack, noise) => {
          const text = noise + attack
          const mail = mailMessage(text, {
            greeting: text,
            introLines: [text],
            salutation: text,
          })
          const html = layoutHtml(mail, { brand: text, locale: text })
          const known = new Set([...tags, 'br', 'a'])
          expect(tagsOf(html).filter((tag) => !known.has(tag))).toEqual([])
          expect(html).not.toContain('<img')
          expect(html).not.toContain('<script')
        },
      ),
    )
  })

  it('loads nothing from anywhere', () => {
    const html = layoutHtml(mailOfText('Hello', 'See https://example.org/x.png'), FRAME)
    expect(html).not.toMatch(/<(img|link|script|iframe|object|video|audio)\b|url\(|@import|src=/)
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example',
    'not a url',
  ])('has no button that leads to %j', (url) => {
    const mail = withAction(mailMessage('x'), 'Press me', url)
    expect(layoutHtml(mail, { ...FRAME, unsubscribeUrl: url })).not.toContain('href')
    expect(layoutText(mail, { ...FRAME, unsubscribeUrl: url })).not.toContain(url)
  })

  it('keeps an attribute closed whatever the URL holds', () => {
    const mail = withAction(mailMessage('x'), 'a', 'https://example.org/"><img src=x>?q="\'<b>')
    for (const link of linksOf(layoutHtml(mail, FRAME))) expect(link).not.toMatch(/[<>]/)
    expect(layoutHtml(mail, FRAME)).not.toContain('<img')
  })

  it('makes links of web addresses in the text, and of nothing else', () => {
    const text = 'See https://example.org/a?b=1&c=2. Not javascript:alert(1), not (http://x.y/z).'
    expect(linksOf(layoutHtml(mailOfText('x', text), FRAME))).toEqual([
      'https://example.org/a?b=1&amp;c=2',
      'http://x.y/z',
    ])
  })

  it('is written from right to left in languages that are', () => {
    expect(layoutHtml(mailMessage('x'), { ...FRAME, locale: 'ar_EG' })).toContain(
      '<html lang="ar-EG" dir="rtl">',
    )
    expect(layoutHtml(mailMessage('x'), FRAME)).toContain('<html lang="en" dir="ltr">')
  })
})

describe('mailOfText()', () => {
  it('keeps paragraphs and line breaks as they were written', () => {
    const mail = mailOfText('x', 'one\r\ntwo\r\n\r\n\r\nthree\n')
    expect(mail.introLines).toEqual(['one\ntwo', 'three'])
    expect(layoutText(mail, FRAME)).toBe('one\ntwo\n\nthree\n')
    expect(layoutHtml(mail, FRAME)).toContain('one<br>two')
  })
})

describe('mailActions()', () => {
  it('are those that a link can do', () => {
    const url = 'https://example.org/a'
    const actions = [
      { type: 'view', label: 'Look', url },
      { type: 'ack', label: 'Acknowledge', url },
      { type: 'http', label: 'Restart', url },
      { type: 'view', label: 'Bad', url: 'javascript:alert(1)' },
      { type: 'reply', label: 'Answer' },
    ] as const
    expect(mailActions(actions).map(({ label }) => label)).toEqual(['Look', 'Acknowledge'])
  })
})
