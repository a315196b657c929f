import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { signToken, TEST_JWT_SECRET } from '../support/tokens.ts'
import { waitFor } from '../support/wait-for.ts'

const ADMIN_KEY = 'only-for-tests-admin-key-0123456789'

describe('what the dashboard asks of the service', () => {
  let service: TestService
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const api = (method: string, path: string, body?: unknown) =>
    service.api(method, path, body, as(ADMIN_KEY))

  beforeAll(async () => {
    service = await startService({
      env: {
        ...{ BELFRY_ADMIN_KEY: ADMIN_KEY, BELFRY_JWT_SECRET: TEST_JWT_SECRET },
        OUTBOUND_ALLOW: '127.0.0.1',
      },
    })
    const phone = '+12025550123'
    await api('PUT', '/api/users/ada', { email: 'ada@example.com', phone, groups: ['ops'] })
  })
  afterAll(() => service?.stop())

  /** The message of the outbox to an address, once it is there. */
  async function kept(channel: string, to: string) {
    return waitFor(async () => {
      const { body } = await api('GET', `/api/outbox?limit=100&channel=${channel}`)
      return body.data.find((each: { to: string }) => each.to === to) ?? null
    })
  }

  it('GET /api/me says who is asking and what he may do', async () => {
    const token = await signToken('grace', { roles: ['user'] })
    const { body } = await service.api('GET', '/api/me', undefined, as(token))
    expect(body).toMatchObject({ id: 'grace', roles: ['user'], scopes: ['read'], via: 'token' })
    expect((await service.api('GET', '/api/me')).status).toBe(401)
  })

  it('a dry run tells every gate and every channel, and has no effect', async () => {
    await api('PUT', '/api/users/ada/preferences', { email: false, muted_types: ['spam'] })
    const message = { title: 'T', message: 'M', channels: ['realtime', 'email', 'sms', 'slack'] }
    const to = ['user:ada', 'group:ops', { email: 'eve@example.com' }]
    const { status, body } = await api('POST', '/api/notifications/dry-run', { to, ...message })
    expect(status).toBe(200)
    expect(body.recipients).toBe(3)
    const [ada, , eve] = body.data
    expect(ada.channels).toEqual([
      expect.objectContaining({ channel: 'realtime', outcome: 'send' }),
      { channel: 'email', outcome: 'skip', reason: 'preference' },
      { channel: 'sms', outcome: 'skip', reason: 'preference' },
      { channel: 'slack', outcome: 'skip', reason: 'no_address' },
    ])
    expect(eve.channels[0].rendering).toMatchObject({ to: 'eve@example.com', subject: 'T' })
    expect(eve.channels[0].rendering.html).toContain('M')

    const muted = { to: 'user:ada', message: 'M', type: 'spam', template: undefined }
    const refused = (await api('POST', '/api/notifications/dry-run', muted)).body.data[0]
    expect(refused.gates).toContainEqual({
      ...{ gate: 'muted types', outcome: 'refuse', reason: 'muted_type' },
    })
    expect(refused.channels).toEqual([])
    const unknown = { to: 'user:ada', template: 'no-such' }
    const [{ gates }] = (await api('POST', '/api/notifications/dry-run', unknown)).body.data
    expect(gates.at(-1)).toMatchObject({ gate: 'template', outcome: 'refuse' })
    expect((await api('GET', '/api/outbox')).body.data).toEqual([])
    expect((await api('GET', '/api/notifications?user_id=ada')).body.data).toEqual([])
  })

  it('a dry run says what a digest, a throttle and a time of day would do', async () => {
    const message = { to: 'user:kim', message: 'M', digest: { window: '1h' } }
    const [collected] = (await api('POST', '/api/notifications/dry-run', message)).body.data
    expect(collected.gates).toContainEqual({
      ...{ gate: 'digest', outcome: 'hold', reason: 'collected with others: 3600 s' },
    })
    const limited = { to: 'user:kim', message: 'M', throttle: { limit: 3, window: '10m' } }
    const [counted] = (await api('POST', '/api/notifications/dry-run', limited)).body.data
    expect(counted.gates).toContainEqual({
      ...{ gate: 'throttle', outcome: 'pass' },
      reason: 'at most 3 in 600 s, others are left out',
    })
  })

  it('what a dry run says of a channel is what becomes of it', async () => {
    const hours = { start: '00:00', end: '23:59', mode: 'hold' }
    await api('PUT', '/api/users/quiet', { email: 'q@example.com' })
    await api('PUT', '/api/users/quiet/quiet-hours', hours)
    const message = { to: 'user:quiet', message: 'M', priority: 'high' }
    const { body } = await api('POST', '/api/notifications/dry-run', message)
    const verdicts = Object.fromEntries(
      body.data[0].channels.map(({ channel, outcome }: Record<string, string>) => [
        ...[channel, outcome],
      ]),
    )
    expect(verdicts).toMatchObject({ realtime: 'send', email: 'hold', push: 'skip' })
    const sent = await api('POST', '/api/notifications', message)
    const id = sent.body.notifications[0].notification_id
    const record = (await api('GET', `/api/notifications/${id}`)).body
    expect(Object.keys(record.held)).toEqual(['email'])
    expect(record.skipped.push).toBe('no_address')
  })

  it('a mail of the outbox is released to a real address, as it was looked at', async () => {
    const mail = { to: { email: 'first@example.com' }, title: 'Look', message: 'At this' }
    await api('POST', '/api/notifications', mail)
    const first = await kept('email', 'first@example.com')
    const path = `/api/outbox/${first.id}/release`
    expect((await api('POST', path, { to: 'nobody' })).status).toBe(422)
    expect((await api('POST', path, { to: 'real@example.com' })).status).toBe(202)
    const released = await kept('email', 'real@example.com')
    expect(released).toMatchObject({ subject: 'Look' })
    expect(released.html).toBe(first.html)
    const missing = await api('POST', '/api/outbox/none/release', { to: 'a@example.com' })
    expect(missing.status).toBe(404)
  })

  it('a mail is released with its attachments, and without the people in copy', async () => {
    const topic = 'notifications/email/send'
    const attachments = [
      { filename: 'bill.pdf', content: 'JVBERi0xLjQ=', content_type: 'application/pdf' },
      { filename: 'notes.txt', content: 'SGVsbG8=' },
    ]
    const mail = { to: 'files@example.com', subject: 'Bill', body: 'Two files', attachments }
    const payload = { ...mail, cc: ['boss@example.com'], bcc: ['archive@example.com'] }
    await api('POST', '/api/routes/publish', { topic, payload })
    const first = await kept('email', 'files@example.com')
    expect(first.content.attachments).toHaveLength(2)
    const path = `/api/outbox/${first.id}/release`
    await api('POST', path, { to: 'tester@example.com' })
    const { content } = await kept('email', 'tester@example.com')
    expect(content.attachments).toEqual(first.content.attachments)
    expect(content).toMatchObject({ cc: [], bcc: [] })
    await api('POST', path, { to: 'light@example.com', without_attachments: true })
    expect((await kept('email', 'light@example.com')).content.attachments).toEqual([])
  })

  it('text messages, calls and push notifications are released, each to its kind of address', async () => {
    const device = { platform: 'ios', token: 'token-of-rel' }
    const phone = '+12025550144'
    await api('PUT', '/api/users/rel', { phone, devices: [device] })
    await api('PUT', '/api/users/rel/preferences', { sms: true, voice: true })
    await api('PUT', '/api/users/other', { devices: [{ platform: 'web', token: 'of-other' }] })
    const channels = ['sms', 'voice', 'push']
    const words = { title: 'Tank', message: 'It leaks', data: { tank: '3' }, channels }
    await api('POST', '/api/notifications', { to: 'user:rel', ...words })
    const release = async (channel: string, from: string, body: object) => {
      const { id } = await kept(channel, from)
      return api('POST', `/api/outbox/${id}/release`, body)
    }
    const [sms, call, push] = await Promise.all([
      kept('sms', phone),
      kept('voice', phone),
      kept('push', 'rel'),
    ])
    expect([sms.text, call.text, push.text]).toEqual(['It leaks', 'It leaks', 'It leaks'])
    for (const channel of ['sms', 'voice']) {
      expect((await release(channel, phone, { to: 'eve@example.com' })).status).toBe(422)
      expect((await release(channel, phone, { to: '+12025550145' })).status).toBe(202)
      expect(await kept(channel, '+12025550145')).toMatchObject({ text: 'It leaks' })
    }
    expect((await release('push', 'rel', { to: 'token-1', platform: 'web' })).status).toBe(202)
    const toToken = await kept('push', 'token-1')
    expect(toToken).toMatchObject({ subject: 'Tank', text: 'It leaks' })
    expect(toToken.content).toMatchObject({ platform: 'web', data: { tank: '3' } })
    expect((await release('push', 'rel', { to: 'user:other' })).status).toBe(202)
    expect(await kept('push', 'other')).toMatchObject({ subject: 'Tank' })
  })

  it('what is for the bot of Slack, which nobody configured, is kept and released to a hook', async () => {
    const received: object[] = []
    const hook = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        received.push(JSON.parse(text))
        response.end('ok')
      })
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    const { port } = hook.address() as AddressInfo
    await api('PUT', '/api/users/chat', { slack_webhook_url: 'slack://C0001' })
    const message = { title: 'Deploy', message: 'It is out', channels: ['slack'] }
    await api('POST', '/api/notifications', { to: 'user:chat', ...message })
    const { id, subject, text } = await kept('slack', 'slack://…')
    expect({ subject, text }).toEqual({ subject: 'Deploy', text: 'It is out' })
    const release = (to: string) => api('POST', `/api/outbox/${id}/release`, { to })
    expect((await release('nowhere')).status).toBe(422)
    expect((await release(`http://127.0.0.1:${port}/hook`)).status).toBe(202)
    await waitFor(() => received.length > 0)
    expect(JSON.stringify(received[0])).toContain('It is out')
    await new Promise((resolve) => hook.close(resolve))
  })

  it('what a message says of a channel itself is what is said there', async () => {
    const phone = '+12025550166'
    await api('PUT', '/api/users/own', { email: 'own@example.com', phone })
    await api('PUT', '/api/users/own/preferences', { sms: true })
    const texts = {
      sms: { message: 'Short' },
      email: { title: 'A long subject', html: '<p>Own <b>HTML</b></p>' },
    }
    const message = { title: 'T', message: 'Everywhere', channels: ['email', 'sms'], texts }
    const dry = await api('POST', '/api/notifications/dry-run', { to: 'user:own', ...message })
    const [mail, sms] = dry.body.data[0].channels
    expect(mail.rendering).toMatchObject({ subject: 'A long subject', text: 'Everywhere\n' })
    expect(mail.rendering.html).toContain('Own <b>HTML</b>')
    expect(sms.rendering.text).toBe('Short')
    const topic = 'notifications/realtime/user/own'
    await api('POST', '/api/routes/publish', { topic, payload: message })
    expect((await kept('sms', phone)).text).toBe('Short')
    expect((await kept('email', 'own@example.com')).subject).toBe('A long subject')
    const { body } = await api('GET', '/api/notifications?user_id=own')
    expect(body.data[0]).toMatchObject({ title: 'T', message: 'Everywhere', source: topic })

    const wrong = { ...message, to: 'user:own', texts: { fax: { message: 'x' } } }
    expect((await api('POST', '/api/notifications', wrong)).status).toBe(422)
  })

  it('a template says the rest', async () => {
    await api('POST', '/api/templates', {
      ...{ name: 'tpl', permitted_params: ['n'] },
      locales: {
        en: { default: { title: 'T{{ n }}', message: 'M{{ n }}' }, sms: { message: 'S{{ n }}' } },
      },
    })
    const phone = '+12025550177'
    await api('PUT', '/api/users/tom', { phone, email: 'tom@example.com' })
    await api('PUT', '/api/users/tom/preferences', { sms: true })
    const texts = { email: { title: 'Only for this one' } }
    const message = { template: 'tpl', params: { n: 7 }, channels: ['sms', 'email'], texts }
    const dry = await api('POST', '/api/notifications/dry-run', { to: 'user:tom', ...message })
    const byChannel = Object.fromEntries(
      dry.body.data[0].channels.map((each: { channel: string }) => [each.channel, each]),
    )
    expect(byChannel.sms.rendering.text).toBe('S7')
    expect(byChannel.email.rendering).toMatchObject({ subject: 'Only for this one', text: 'M7\n' })
  })

  it('a message is published on a topic over HTTP; what a route refuses is refused', async () => {
    const topic = 'notifications/realtime/user/kay'
    const good = await api('POST', '/api/routes/publish', { topic, payload: { message: 'Hi' } })
    expect(good.status).toBe(202)
    const { body } = await api('GET', '/api/notifications?user_id=kay')
    expect(body.data[0].message).toBe('Hi')
    const bad = await api('POST', '/api/routes/publish', { topic, payload: { title: 'none' } })
    expect(bad.status).toBe(422)
    expect(bad.body.detail).toContain('Message is required')
    const nowhere = await api('POST', '/api/routes/publish', { topic: 'no/such', payload: {} })
    expect(nowhere.status).toBe(422)
    const reader = as(await signToken('grace'))
    const refused = await service.api('POST', '/api/routes/publish', { topic, payload: {} }, reader)
    expect(refused.status).toBe(403)
  })

  it('GET /api/schedules/{id}/shifts says who is on call when', async () => {
    const rotation = { type: 'daily', starts_at: '2026-01-05T08:00:00Z', participants: ['a', 'b'] }
    const made = await api('POST', '/api/schedules', { name: 'S', rules: [{ rotation }] })
    const path = `/api/schedules/${made.body.id}/shifts?from=2026-01-06T00:00:00Z&days=2`
    const { body } = await api('GET', path)
    expect(body.data.map(({ user_id }: { user_id: string }) => user_id)).toEqual(['a', 'b', 'a'])
  })

  it('the page is served with the strict policy, the sheet for mails with its own', async () => {
    const page = await service.api('GET', '/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const sheet = await service.api('GET', '/sheet.frame.html')
    const policy = sheet.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain('sandbox allow-same-origin')
    expect(policy).not.toContain('allow-scripts')
    expect(page.body).not.toMatch(/<script(?![^>]*src=)|style=|(?:src|href)="\//)
  })
})
