import { describe, expect, it } from 'vitest'
import type { PostMessage } from '../../../../services/channels/http/post-message.ts'
import { shorten, shortenBytes } from '../../../../services/channels/http/post-message.ts'
import { slackMessage } from '../../../../services/channels/slack-blocks.ts'

const MESSAGE: PostMessage = {
  id: 'n-1',
  title: 'Disk full',
  text: 'It is 98 % full.',
  type: 'alert.critical',
  priority: 'critical',
  userId: 'ada',
  links: [{ label: 'Open', url: 'https://example.com/disk?a=1&b=2' }],
  createdAt: '2026-01-05T12:00:00.000Z',
  thread: 'n-1',
  data: {},
}

describe('slackMessage()', () => {
  it('[S0-012] is a header, the text, buttons and where it comes from', () => {
    expect(slackMessage(MESSAGE)).toEqual({
      text: 'Disk full: It is 98 % full.',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Disk full', emoji: true } },
        { type: 'section', text: { type: 'mrkdwn', text: 'It is 98 % full.', verbatim: true } },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Open', emoji: true },
              url: 'https://example.com/disk?a=1&b=2',
              action_id: 'link-0',
              style: 'primary',
            },
          ],
        },
        {
          type: 'context',
          elements: [
            {
              type: 'plain_text',
              text: 'alert.critical · critical · 2026-01-05T12:00:00.000Z',
              emoji: true,
            },
          ],
        },
      ],
    })
  })

  it.each(['<!channel>', '<!here|x>', '<@U0001>', '<#C0001>', '<https://evil.example|bank>'])(
    'calls nobody and fakes no link: %s',
    (text) => {
      const links = [{ label: text, url: 'https://a.example' }]
      const sent = JSON.stringify(
        slackMessage({ ...MESSAGE, title: text, text, type: text, links }),
      )
      expect(sent).not.toMatch(/<[!@#]|<https:\/\/evil\.example\|/)
    },
  )

  it('shows entities as they were written', () => {
    const { text } = slackMessage({ ...MESSAGE, text: '&lt;!channel&gt;' })
    expect(text).toBe('Disk full: &amp;lt;!channel&amp;gt;')
  })

  it('links bare addresses, and nothing else', () => {
    const text = 'See https://example.com/a?b=1&c=2, or (http://x.test/y).'
    const section = slackMessage({ ...MESSAGE, text }).blocks[1]
    expect(section).toMatchObject({
      text: { text: 'See <https://example.com/a?b=1&amp;c=2>, or (<http://x.test/y>).' },
    })
  })

  it('keeps to the limits of Block Kit, and cuts no entity or link in two', () => {
    for (let extra = 0; extra < 12; extra++) {
      const text = `${'x'.repeat(2990 + extra)}&&& https://example.com/very/long`
      const { blocks } = slackMessage({ ...MESSAGE, title: '<'.repeat(200), text })
      const [header, section] = blocks as { text: { text: string } }[]
      expect(header!.text.text.length).toBeLessThanOrEqual(150)
      expect(header!.text.text).toMatch(/^(&lt;)+…$/)
      expect(section!.text.text.length).toBeLessThanOrEqual(3000)
      expect(section!.text.text).toMatch(/^x+(&amp;){0,3}( <https:[^<>]*>)?.?…?$/)
    }
  })
})

describe('texts that are too long', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['abc😀def', 5, 'abc…'],
    ['abc😀def', 6, 'abc😀…'],
  ])('shorten(%j, %i) is %j', (text, limit, expected) => {
    expect(shorten(text, limit)).toBe(expected)
  })

  it('shortenBytes() keeps whole characters within its bytes', () => {
    for (let limit = 4; limit < 40; limit++) {
      const cut = shortenBytes('aä€😀'.repeat(10), limit)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit)
      expect(cut).not.toContain('\uFFFD')
      expect(cut.endsWith('…')).toBe(true)
    }
  })
})
