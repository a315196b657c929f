import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { type Mail, mimeText } from '../../../../services/channels/mime-text.ts'

const PLAIN: Mail = {
  from: { name: 'Belfry', address: 'alerts@example.org' },
  to: [{ name: '', address: 'reader@example.com' }],
  cc: [],
  bcc: [],
  subject: 'Disk full',
  text: 'It is 98 % full.\n',
  html: '<p>It is 98 % full.</p>\n',
  attachments: [],
  date: new Date('2026-03-01T12:00:00Z'),
  messageId: '<n1@example.org>',
  headers: {},
}
const written = (fields: Partial<Mail> = {}) => mimeText({ ...PLAIN, ...fields }).toString('latin1')
const read = (fields: Partial<Mail> = {}) => PostalMime.parse(mimeText({ ...PLAIN, ...fields }))

/** What a reader shows; readers differ in the line breaks at the end. */
const words = async (fields: Partial<Mail> = {}) => {
  const { text = '', html = '' } = await read(fields)
  return [text.trim(), html.trim()]
}

describe('mimeText()', () => {
  it('writes ASCII as it is, and a reader finds every field again', async () => {
    const text = written()
    expect(text).toMatch(/^From: Belfry <alerts@example.org>\r\nTo: reader@example.com\r\n/)
    expect(text.match(/Content-Transfer-Encoding: 7bit/g)).toHaveLength(2)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(await read()).toMatchObject({
      from: PLAIN.from,
      to: PLAIN.to,
      subject: 'Disk full',
      messageId: '<n1@example.org>',
      date: '2026-03-01T12:00:00.000Z',
    })
    expect(await words()).toEqual([PLAIN.text.trim(), PLAIN.html.trim()])
  })

  it.each([
    ['quoted-printable', 'Füllstand über 98 %, Pumpenhaus am Fluß'],
    ['base64', 'Насос остановлен, резервуар переполнен'],
    ['quoted-printable', `a line of ${'many '.repeat(300)}words`],
  ])('encodes as %s what needs it, and it is read as it was', async (encoding, said) => {
    const fields = { subject: said.slice(0, 200).trim(), text: said, html: `<p>${said}</p>` }
    const text = written(fields)
    expect(text).toContain(`text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}`)
    expect(Math.max(...text.split('\r\n').map(({ length }) => length))).toBeLessThan(998)
    expect(text).toMatch(/^[\r\n\x20-\x7e]*$/)
    expect((await read(fields)).subject).toBe(fields.subject)
    expect(await words(fields)).toEqual([said.trim(), fields.html])
  })

  it.each(['Last, First', 'Jörg "der Große" Müller', 'Ops: night; <shift>', '夜勤担当'])(
    'a sender called %s is one sender',
    async (name) => {
      const { from } = await read({ from: { name, address: 'alerts@example.org' } })
      expect(from).toEqual({ name, address: 'alerts@example.org' })
    },
  )

  it('[S0-012] no line break adds a header or a recipient', async () => {
    const evil = 'x\r\nBcc: evil@example.net\r\n\r\nbody'
    const fields: Partial<Mail> = {
      subject: evil,
      headers: { 'X-Ticket': evil },
      from: { name: evil, address: 'alerts@example.org' },
      attachments: [{ filename: evil, content: Buffer.from('x'), contentType: evil }],
    }
    expect(written(fields)).not.toMatch(/^bcc:/im)
    const { headers, bcc, to } = await read(fields)
    expect(bcc ?? []).toEqual([])
    expect(to).toEqual(PLAIN.to)
    expect(headers.filter(({ key }) => key === 'x-ticket')).toHaveLength(1)
  })

  it('does not tell who gets a blind copy', () => {
    expect(written({ bcc: [{ name: '', address: 'hidden@example.com' }] })).not.toContain('hidden')
  })

  it('[S0-019] carries bytes as they are, and a message within a message unencoded', async () => {
    const content = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 256))
    const inner = Buffer.from('Subject: innen\r\n\r\nGrüße\r\n')
    const files = {
      attachments: [
        { filename: 'Übersicht & Werte.bin', content },
        { filename: 'first.eml', content: inner, contentType: 'message/rfc822' },
      ],
    }
    expect(written(files)).toContain(inner.toString('latin1'))
    const { attachments } = await read(files)
    expect(attachments[0]).toMatchObject({ filename: 'Übersicht & Werte.bin' })
    expect(Buffer.from(attachments[0]!.content as ArrayBuffer).equals(content)).toBe(true)
  })

  it('text that looks like a boundary ends nothing', async () => {
    const boundary = /boundary="([^"]+)"/.exec(written())![1]!
    const text = `--${boundary}\n--${boundary}--\nstill here\n`
    expect(await words({ text })).toEqual([text.trim(), PLAIN.html.trim()])
  })
})
