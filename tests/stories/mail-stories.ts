import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

const SEND = 'notifications/email/send'

/** E-mail, text messages and push to bare addresses. */
export function tellMail(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const address = () => `${fresh('mail')}@example.com`
  const delivery = (id: string) => world().http('GET', `/api/deliveries/${id}`)

  it.concurrent(`[S1-060] ${version}: without to, subject and body there is no mail`, async () => {
    const to = address()
    for (const mail of [{ to }, { to, subject: 'S' }, { subject: 'S', body: 'B' }]) {
      const { error } = await device().ask(SEND, mail)
      expect(error.code).toBe('invalid_payload')
      const messages = error.issues.map(({ message }: Json) => message)
      expect(messages).toContain('To email, subject, and body are required')
    }
    expect(await world().outboxOf('email', to)).toEqual([])
  })

  it.concurrent(`[S1-060] ${version}: HTML, copies, reply address and attachments arrive`, async () => {
    const to = address()
    const copy = address()
    await device().ask(SEND, {
      ...{ to: [to, address()], cc: copy, reply_to_address: 'desk@example.com' },
      ...{ subject: 'Größe', body: 'Plain', html_body: '<b>Rich</b>' },
      attachments: [{ filename: 'a.csv', content: 'YSxi', content_type: 'text/csv' }],
    })
    const mail = await world().sent('email', to)
    expect(mail).toMatchObject({ subject: 'Größe', html: expect.stringContaining('<b>Rich</b>') })
    expect(mail.text).toContain('Plain')
    expect(mail.content).toMatchObject({
      ...{ cc: [copy], attachments: [{ filename: 'a.csv', bytes: 3 }] },
      headers: { 'Reply-To': 'desk@example.com' },
    })
  })

  it.concurrent(`[S1-061 S1-062 S1-064] ${version}: a mail is a job with the seed's fields, and a line in the log`, async () => {
    const to = address()
    const { email_id: id } = await device().ask(SEND, { to, subject: 'S', body: 'B' })
    const job = await waitFor(async () => {
      const found = await delivery(id)
      return found.status === 'sent' ? found : null
    })
    expect(job).toMatchObject({
      ...{ id, to, subject: 'S', body: 'B', html_body: null, priority: 'normal' },
      ...{ attempts: 1, max_attempts: 3, channel: 'email' },
    })
    expect(job.created_at).toBeCloseTo(job.send_at, 3)
    const { redis } = world()
    if (redis === null) return
    expect(await redis.ttl(`email_job:${id}`)).toBeLessThanOrEqual(86_400)
    const lines = (await redis.lrange('mail_logs', 0, -1)).map((line) => JSON.parse(line))
    const ours = lines.filter((line) => line.email_id === id).map((line) => line.status)
    expect(ours).toEqual(['sent', 'queued'])
    expect(lines.find((line) => line.email_id === id)).toMatchObject({ to_email: to, subject: 'S' })
  })

  it.concurrent(`[S1-063 S1-067] ${version}: send_at keeps a mail until then`, async () => {
    const to = address()
    const at = Date.now() / 1000 + 1.5
    const mail = { to, subject: 'Later', body: 'B', send_at: at }
    const { email_id: id } = await device().ask(SEND, mail)
    const { redis } = world()
    const score = Number(await redis?.zscore('email_queue:scheduled', id))
    // A slow machine may look when it is over.
    if (redis !== null && Date.now() / 1000 < at) {
      expect(Math.abs(score / (score > 1e11 ? 1000 : 1) - at)).toBeLessThan(0.01)
    }
    const sent = await world().sent('email', to)
    expect(Date.parse(sent.created_at)).toBeGreaterThanOrEqual(at * 1000 - 1)
    expect(await device().ask(`notifications/deliveries/cancel/${id}`, {})).toEqual({
      status: 'already_sent',
    })
  })

  it.concurrent(`[S1-062 X-10] ${version}: a priority nobody knows makes no queue`, async () => {
    const reply = await device().ask(SEND, {
      ...{ to: address(), subject: 'S', body: 'B', priority: 'urgent' },
    })
    expect(reply.error).toMatchObject({
      code: 'invalid_payload',
      issues: [{ path: 'priority', message: expect.stringContaining('low') }],
    })
    const keys = (await world().redis?.keys('email_queue:urgent')) ?? []
    expect(keys).toEqual([])
  })

  it.concurrent(`[S1-066] ${version}: recipients get the same mail, those who cannot are named`, async () => {
    const [one, two] = [address(), address()]
    const reply = await device().ask('notifications/email/batch', {
      ...{ recipients: [one, 'nobody', two], subject: 'News', body: 'B' },
    })
    expect(reply).toMatchObject({ status: 'batch_queued', queued: 2, rejected: [{ index: 1 }] })
    for (const to of [one, two]) expect((await world().sent('email', to)).subject).toBe('News')
    const neither = await device().ask('notifications/email/batch', { subject: 'S', body: 'B' })
    expect(neither.error.code).toBe('invalid_payload')
  })

  it.concurrent(`[S4-003] ${version}: one key, one mail`, async () => {
    const to = address()
    const mail = { to, subject: 'Once', body: 'B', idempotency_key: fresh('key') }
    const replies = await Promise.all([1, 2, 3].map(() => device().ask(SEND, mail)))
    expect(new Set(replies.map(({ email_id }) => email_id)).size).toBe(1)
    const other = await device().ask(SEND, { ...mail, body: 'C' })
    expect(other.error.code).toBe('idempotency_mismatch')
    await waitFor(async () => (await delivery(replies[0].email_id)).status === 'sent')
    expect(await world().outboxOf('email', to)).toHaveLength(1)
  })

  it.concurrent(`[S1-068] ${version}: a text message needs a number and words`, async () => {
    const SMS = 'notifications/sms/send'
    const { error } = await device().ask(SMS, { phone: '+12025550123' })
    expect(error.issues).toEqual([
      { path: 'message', message: 'Phone number and message are required' },
    ])
    const wrong = await device().ask(SMS, { phone: '12', message: 'Hi' })
    expect(wrong.error).toMatchObject({ code: 'invalid_payload', issues: [{ path: 'phone' }] })
    const { redis } = world()
    if (redis === null) return
    const { sms_id: id } = await device().ask(SMS, { phone: '+12025550123', message: 'Hi' })
    await waitFor(async () => (await delivery(id)).status === 'sent')
    const lines = (await redis.lrange('sms_logs', 0, -1)).map((line) => JSON.parse(line))
    expect(lines.find((line) => line.id === id)).toMatchObject({
      ...{ phone: '+12025550123', message: 'Hi', priority: 'normal', status: 'sent' },
    })
  })

  it.concurrent(`[S1-073] ${version}: a platform nobody knows, tokens and users`, async () => {
    const push = (platform: string, fields: object) =>
      device().ask(`notifications/push/mobile/${platform}`, { title: 'T', ...fields })
    expect((await push('windows', { token: 'x' })).error).toMatchObject({
      ...{ code: 'invalid_payload', issues: [{ path: 'platform' }] },
    })
    expect((await push('ios', {})).error.code).toBe('invalid_payload')
    const tokens = [fresh('t'), fresh('t')]
    expect(await push('web', { tokens })).toMatchObject({ platform: 'web', status: 'push_queued' })
    for (const token of tokens) expect((await world().sent('push', token)).subject).toBe('T')
    const user = fresh('p')
    await push('ios', { user_id: user, body: 'Ding' })
    expect(await world().sent('push', user)).toMatchObject({ user_id: user, text: 'Ding' })
  })
}
