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
      env: { BELFRY_ADMIN_KEY: ADMIN_KEY, BELFRY_JWT_SECRET: TEST_JWT_SECRET },
    })
    const phone = '+12025550123'
    await api('PUT', '/api/users/ada', { email: 'ada@example.com', phone, groups: ['ops'] })
  })
  afterAll(() => service?.stop())

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

  it('a mail of the outbox is released to a real address, a push notification is not', async () => {
    const mail = { to: { email: 'first@example.com' }, title: 'Look', message: 'At this' }
    await api('POST', '/api/notifications', mail)
    const kept = () => api('GET', '/api/outbox?channel=email').then(({ body }) => body.data)
    const [first] = await waitFor(async () => {
      const data = await kept()
      return data.length > 0 ? data : null
    })
    const path = `/api/outbox/${first.id}/release`
    expect((await api('POST', path, { to: 'nobody' })).status).toBe(422)
    expect((await api('POST', path, { to: 'real@example.com' })).status).toBe(202)
    const released = await waitFor(async () => {
      return (await kept()).find(({ to }: { to: string }) => to === 'real@example.com') ?? null
    })
    expect(released).toMatchObject({ subject: 'Look' })
    expect(released.html).toBe(first.html)
    const missing = await api('POST', '/api/outbox/none/release', { to: 'a@example.com' })
    expect(missing.status).toBe(404)
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
