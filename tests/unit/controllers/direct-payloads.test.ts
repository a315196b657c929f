import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { EmailBatchPayload, EmailPayload } from '../../../controllers/email-controller.ts'
import { PushPayload } from '../../../controllers/push-controller.ts'
import { SmsPayload } from '../../../controllers/sms-controller.ts'

const MAIL = { to: 'ada@example.com', subject: 'Disk', body: 'full' }

function issuesOf(schema: z.ZodType, input: unknown): Record<string, string> {
  const issues = schema.safeParse(input).error?.issues ?? []
  return Object.fromEntries(issues.map(({ path, message }) => [path.join('.'), message]))
}

describe('EmailPayload', () => {
  it('takes the seed’s message, with the seed’s defaults', () => {
    const { email } = EmailPayload.parse({ ...MAIL, priority: 'high', unknown: 1 })
    expect(email).toEqual({
      to: ['ada@example.com'],
      subject: 'Disk',
      body: 'full',
      htmlBody: null,
      cc: [],
      bcc: [],
      replyTo: null,
      attachments: [],
      actions: [],
      priority: 'high',
      sendAt: null,
      expiresAt: null,
    })
  })

  it.each([
    {},
    { ...MAIL, to: '' },
    { ...MAIL, to: [] },
    { ...MAIL, subject: ' ' },
    { ...MAIL, body: null },
  ])('says what is required when it is %j', (input) => {
    const messages = Object.values(issuesOf(EmailPayload, input))
    expect(new Set(messages)).toEqual(new Set(['To email, subject, and body are required']))
  })

  it('takes several recipients, each one address', () => {
    const to = ['ada@example.com', 'bob@example.com']
    expect(EmailPayload.parse({ ...MAIL, to, cc: 'c@example.com', bcc: [] }).email).toMatchObject({
      to,
      cc: ['c@example.com'],
      bcc: [],
    })
    for (const tricky of ['a@b.c, d@e.f', 'a@b.c\r\nBcc: d@e.f', 'A <a@b.c>']) {
      expect(Object.keys(issuesOf(EmailPayload, { ...MAIL, to: tricky }))).toEqual(['to'])
      expect(issuesOf(EmailPayload, { ...MAIL, cc: [tricky] })).not.toEqual({})
    }
    expect(issuesOf(EmailPayload, { ...MAIL, to: Array(51).fill('a@b.c') })).not.toEqual({})
  })

  it('takes attachments as bytes, never as paths', () => {
    const good = { filename: 'a.csv', content: btoa('a;b'), path: '/etc/passwd' }
    const { attachments } = EmailPayload.parse({ ...MAIL, attachments: [good] }).email
    expect(attachments).toEqual([{ filename: 'a.csv', content: btoa('a;b'), content_type: null }])
    for (const bad of [
      { filename: '../a', content: '' },
      { filename: 'a\r\nb', content: '' },
      { filename: 'a', content: '***' },
      { filename: 'a', content: '', content_type: 'text/html\r\nX: y' },
      { filename: 'a' },
    ]) {
      expect(issuesOf(EmailPayload, { ...MAIL, attachments: [bad] })).not.toEqual({})
    }
  })

  it('keeps its idempotency key where the identity is read from', () => {
    expect(EmailPayload.parse({ ...MAIL, idempotency_key: 'k' })).toMatchObject({
      idempotency_key: 'k',
    })
  })
})

describe('EmailBatchPayload', () => {
  it('reports what is wrong with a mail by its index, and takes the others', () => {
    const emails = [MAIL, { to: 'nobody', subject: 'x' }, 7, { ...MAIL, priority: 'low' }]
    const { batch } = EmailBatchPayload.parse({ emails })
    expect(batch.emails.map(({ index }) => index)).toEqual([0, 3])
    expect(batch.rejected).toEqual([
      {
        index: 1,
        errors: [
          { path: 'to', message: 'must be one e-mail address, or a list of at most 50' },
          { path: 'body', message: 'To email, subject, and body are required' },
        ],
      },
      { index: 2, errors: [{ path: '', message: 'must be an object' }] },
    ])
  })

  it('makes a mail for each recipient, so that none sees the others', () => {
    const recipients = ['ada@example.com', 'nobody', 'bob@example.com']
    const { batch } = EmailBatchPayload.parse({ recipients, subject: 'Disk', body: 'full' })
    expect(batch.emails.map(({ email }) => email.to)).toEqual([
      ['ada@example.com'],
      ['bob@example.com'],
    ])
    expect(batch.rejected.map(({ index }) => index)).toEqual([1])
  })

  it('is refused as a whole where it says the same wrong thing to all', () => {
    expect(issuesOf(EmailBatchPayload, { recipients: ['a@b.c'], body: 'x' })).toEqual({
      subject: 'To email, subject, and body are required',
    })
    for (const input of [{}, { emails: [] }, { emails: Array(1001).fill(MAIL) }]) {
      expect(issuesOf(EmailBatchPayload, input)).toHaveProperty('emails')
    }
    expect(issuesOf(EmailBatchPayload, { emails: [MAIL], recipients: ['a@b.c'] })).toHaveProperty(
      'emails',
    )
  })
})

describe('SmsPayload and PushPayload', () => {
  it('say what is required', () => {
    const sms = 'Phone number and message are required'
    expect(issuesOf(SmsPayload, {})).toEqual({ phone: sms, message: sms })
    expect(issuesOf(PushPayload, { title: 'x' })).toEqual({
      token: 'Token (or tokens, or user_id) and title are required',
    })
  })

  it('take a number in its one form, and tokens each once', () => {
    expect(SmsPayload.parse({ phone: '+1 202-555-0123', message: 'x' }).sms).toMatchObject({
      phone: '+12025550123',
      priority: 'normal',
      sendAt: null,
    })
    const { push } = PushPayload.parse({ token: 'a', tokens: ['a', 'b'], title: 'x' })
    expect(push).toMatchObject({ tokens: ['a', 'b'], userId: null, body: '', data: {} })
    expect(PushPayload.parse({ user_id: '42', title: 'x' }).push).toMatchObject({ userId: '42' })
  })
})
