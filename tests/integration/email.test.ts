import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EmailContent } from '../../services/channels/email-content.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { Delivery } from '../support/delivery.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startSmtp, type TestSmtp } from '../support/servers.ts'

const MAIL: EmailContent = {
  to: 'ada@example.com',
  subject: 'Disk full',
  body: 'The disk of pump-7 is full.\n\nIt was <b>expected</b>.',
}

let clock: FakeClock
let smtp: TestSmtp
let provider: SmtpProvider

function connect(query = '') {
  return new SmtpProvider({
    url: `${smtp.url}${query}`,
    from: 'Belfry <alerts@example.org>',
    clock,
  })
}

function deliver(content: Partial<EmailContent> = {}) {
  return new Delivery(provider, clock, 'email', { ...MAIL, ...content })
}

async function received(index = 0) {
  return PostalMime.parse(smtp.mails[index]!.raw)
}

beforeEach(async () => {
  clock = new FakeClock()
  smtp = await startSmtp()
  provider = connect()
})

afterEach(async () => {
  await provider.close()
  await smtp.stop()
})

describe('what arrives', () => {
  it('[S0-002 S0-019] is text and HTML of the same words, from the configured sender', async () => {
    expect(await deliver().attempt()).toBe('sent')
    const mail = await received()
    expect(mail.from).toEqual({ name: 'Belfry', address: 'alerts@example.org' })
    expect(mail.to).toEqual([{ name: '', address: 'ada@example.com' }])
    expect(mail.subject).toBe('Disk full')
    expect(mail.text).toContain('The disk of pump-7 is full.\n\nIt was <b>expected</b>.')
    expect(mail.html).toContain('It was &lt;b&gt;expected&lt;/b&gt;.')
    expect(new Date(mail.date!).getTime()).toBe(clock.now())
  })

  it('has the HTML of the publisher where he gave his own', async () => {
    await deliver({ html_body: '<p>Hé, <b>own</b></p>' }).attempt()
    const mail = await received()
    expect(mail.html!.trim()).toBe('<p>Hé, <b>own</b></p>')
    expect(mail.text).toContain('The disk of pump-7 is full.')
  })

  it('[S0-019] has its attachments byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7) % 256))
    const attachments = [
      { filename: 'readings.bin', content: bytes.toString('base64') },
      { filename: 'größe.csv', content: btoa('a;b'), content_type: 'text/csv' },
    ]
    await deliver({ attachments }).attempt()
    const [first, second] = (await received()).attachments
    expect(Buffer.from(first!.content as ArrayBuffer).equals(bytes)).toBe(true)
    expect(first!.filename).toBe('readings.bin')
    expect(second).toMatchObject({ filename: 'größe.csv', mimeType: 'text/csv' })
  })

  it('reaches cc and bcc, and shows only cc', async () => {
    await deliver({
      cc: ['cc@example.com'],
      bcc: ['bcc@example.com'],
      reply_to_address: 'help@example.org',
    }).attempt()
    expect(smtp.mails[0]!.to).toEqual(['ada@example.com', 'cc@example.com', 'bcc@example.com'])
    expect(smtp.mails[0]!.raw).not.toContain('bcc@example.com')
    const mail = await received()
    expect(mail.cc).toEqual([{ name: '', address: 'cc@example.com' }])
    expect(mail.replyTo).toEqual([{ name: '', address: 'help@example.org' }])
  })

  it('can be unsubscribed from with one click', async () => {
    await deliver({ unsubscribe_url: 'https://example.org/u/token' }).attempt()
    const { raw } = smtp.mails[0]!
    expect(raw).toMatch(/^List-Unsubscribe: <https:\/\/example\.org\/u\/token>\r?$/m)
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m)
    expect((await received()).text).toContain('Unsubscribe: https://example.org/u/token')
  })

  it('joins the thread that it belongs to', async () => {
    const references = ['<alert-1@example.org>', '<alert-1.2@example.org>']
    await deliver({ references }).attempt()
    const mail = await received()
    expect(mail.references).toBe(references.join(' '))
    expect(mail.inReplyTo).toBe('<alert-1.2@example.org>')
  })
})

describe('addresses and headers that try to do more', () => {
  it.each([
    'ada@example.com\r\nBcc: evil@example.net',
    'ada@example.com, evil@example.net',
    'ada@example.com;evil@example.net',
    '<ada@example.com> evil@example.net',
    'Ada <evil@example.net>',
    '"ada@example.com" <evil@example.net>',
    'ada@example.com\nevil@example.net',
    'group: ada@example.com, evil@example.net;',
    'ada@example.com evil@example.net',
    'ada@example.com(evil@example.net)',
    'ada@example.com\0evil@example.net',
  ])('%j is refused as a recipient and nothing is sent', async (to) => {
    for (const content of [{ to }, { cc: [to] }, { bcc: [to] }, { reply_to_address: to }]) {
      expect(await deliver(content).attempt()).toBe('failed')
    }
    expect(smtp.attempts).toBe(0)
  })

  it('line breaks in subject, headers and file names stay inside them', async () => {
    await deliver({
      subject: 'Hello\r\nBcc: evil@example.net\r\n\r\nbody',
      headers: { 'X-Note': 'a\r\nBcc: evil@example.net', Bcc: 'evil@example.net', 'X-A\r\nB': '1' },
      attachments: [{ filename: 'a\r\nBcc: evil@example.net', content: '' }],
      message_id: '<x@y>\r\nBcc: evil@example.net',
    }).attempt()
    expect(smtp.mails[0]!.to).toEqual(['ada@example.com'])
    const mail = await received()
    expect(mail.headers.filter(({ key }) => key === 'bcc' || key === 'x-a')).toEqual([])
    expect(mail.bcc).toBeUndefined()
    expect(mail.headers.find(({ key }) => key === 'x-note')!.value).toBe('a Bcc: evil@example.net')
  })

  it('an attachment that names a file is not read from disk', async () => {
    const attachment = { filename: 'x', content: '', path: '/etc/hostname' }
    await deliver({ attachments: [attachment] }).attempt()
    expect((await received()).attachments[0]!.content).toHaveProperty('byteLength', 0)
  })
})
