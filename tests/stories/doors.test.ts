import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PRIORITIES } from '../../src/index.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, World } from './world.ts'

const USER = 'notifications/realtime/user'

describe('the HTTP door', () => {
  let world: World
  beforeAll(async () => {
    world = await World.open({})
  })
  afterAll(() => world?.close())

  const device = () => world.device('311')

  it.concurrent('[S0-071] one Idempotency-Key, one effect, one answer', async () => {
    const user = fresh('u')
    const headers = { 'idempotency-key': fresh('key') }
    const body = { to: `user:${user}`, message: 'Once' }
    const post = (sent: object) => world.service.api('POST', '/api/notifications', sent, headers)
    const first = await post(body)
    expect(first.status).toBe(202)
    const again = await post(body)
    expect([again.status, again.body]).toEqual([202, first.body])
    expect(again.headers.get('idempotency-replay')).toBe('true')
    const other = await post({ ...body, message: 'Twice' })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch'])
    expect((await world.inbox(user)).data).toHaveLength(1)
  })

  it.concurrent('[S4-052] says that it lives, that it is ready, and why', async () => {
    const get = (path: string) => world.service.api('GET', path)
    expect((await get('/livez')).status).toBe(200)
    const ready = await get('/readyz?verbose')
    expect(ready.body.checks.map(({ name }: Json) => name)).toEqual(['store', 'broker'])
    expect(ready.body.checks.every(({ ok }: Json) => ok)).toBe(true)
    expect((await get('/health')).status).toBe(200)
    const { openapi, paths } = (await get('/openapi.json')).body
    expect(openapi).toMatch(/^3\.1/)
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/notifications']))
    const { schema } = paths['/api/notifications'].post.requestBody.content['application/json']
    expect(schema.required).toEqual(['to', 'message'])
    expect(schema.properties).toMatchObject({
      priority: { enum: [...PRIORITIES], default: 'normal' },
      ...{
        title: { default: 'Notification' },
        channels: {},
        template: {},
        send_at: {},
        digest: {},
      },
    })
    expect((await get('/docs')).status).toBe(200)
    const forNobody = { message: 'For whom?' }
    const nobody = await world.service.api('POST', '/api/notifications', forNobody)
    expect(nobody.body.issues).toMatchObject([
      { path: 'to', message: expect.stringMatching(/^say user:<id>/) },
    ])
  })

  it.concurrent('[S0-032] sends to bare addresses, several and of every channel that has them', async () => {
    const [host, mail] = [fresh('hooks'), `${fresh('m')}@example.com`]
    const hooks = {
      slack_webhook_url: `slack://${fresh('C')}`,
      discord: `https://discord.com/api/webhooks/1/${host}`,
      webhook_url: 'https://192.0.2.1/hook',
    }
    const { notifications } = await world.http('POST', '/api/notifications', {
      ...{ to: [{ email: mail, sms: '+12025550123' }, hooks], message: 'Out of paper' },
      send_at: Date.now() / 1000 + 3600,
    })
    expect(notifications.map(({ user_id, channels }: Json) => [user_id, ...channels])).toEqual([
      [null, 'email'],
      [null, 'sms'],
      [null, 'slack'],
      [null, 'webhook'],
      [null, 'discord'],
    ])
    const { notification_id: id } = notifications.at(-2)
    expect(await world.http('GET', `/api/deliveries/${id}`)).toMatchObject({
      ...{ channel: 'webhook', url: 'https://192.0.2.1/…', message: 'Out of paper' },
      ...{ user_id: null, notification: { id, channels: ['webhook'] } },
    })
    const preview = { to: { webhook: hooks.webhook_url }, message: 'Out of paper' }
    const { data } = await world.http('POST', '/api/notifications/dry-run', preview)
    expect(data[0]).toMatchObject({ to: 'https://192.0.2.1/…', channels: [{ channel: 'webhook' }] })
  })

  it.concurrent('[S4-009 S4-022] logs events by the names of seed 004', async () => {
    const [user, author] = [fresh('u'), fresh('author')]
    const { event_id: id } = await world.http('POST', '/api/events', {
      event_type: 'stage_update',
      event_data: { stage_id: 7, new_status: 'en_cours' },
      source_user: author,
      target_users: [user],
    })
    expect(await world.http('GET', `/api/events/${id}`)).toMatchObject({
      type: 'stage_update',
      payload: { stage_id: 7, new_status: 'en_cours' },
      source_user: author,
      target_users: [user],
    })
  })

  it.concurrent('lists have data and a cursor, whatever is listed', async () => {
    const messages = ['notifications', 'events', 'event-types', 'templates', 'outbox']
    const people = ['users', 'groups/ops/members', 'oncall/disk', 'connections', 'keys']
    const alerts = ['alerts', 'silences', 'escalation-policies', 'schedules', 'heartbeats']
    const work = ['queues', 'queues/email/failed', 'dead-letters', 'audit', 'system']
    for (const name of [...messages, ...people, ...alerts, ...work]) {
      const answer = await world.http('GET', `/api/${name}`, undefined, 'ada')
      expect(answer, name).toMatchObject({ data: expect.any(Array) })
      expect(answer, name).toHaveProperty('next_cursor')
    }
  })

  it.concurrent('takes a field by either of its names, and says what a wrong one should be', async () => {
    const named = { name: fresh('schedule'), timezone: 'Europe/Berlin' }
    const schedule = await world.http('POST', '/api/schedules', named)
    expect(schedule).toMatchObject({ time_zone: 'Europe/Berlin' })
    const beat = { pattern: `devices/${fresh('d')}/{id}`, timeout: '5m' }
    const monitor = await world.http('POST', '/api/heartbeats', beat)
    expect(monitor).toMatchObject({ topic: beat.pattern, timeout_seconds: 300 })
    const alert = { alert_type: fresh('disk'), message: 'full', source: fresh('db') }
    const { status } = await world.http('POST', '/api/alerts', alert)
    expect(status).toBe('critical_alert_sent')
    const policy = { name: 'p', steps: [{ targets: ['user:ada'] }], repeat: 9 }
    const { body } = await world.service.api('POST', '/api/escalation-policies', policy)
    expect(body.issues).toEqual([
      { path: 'steps.0.targets.0', message: 'must be an object' },
      { path: 'repeat', message: 'must be at most 5' },
    ])
    for (const made of [schedule, monitor]) {
      const kind = made === schedule ? 'schedules' : 'heartbeats'
      await world.http('DELETE', `/api/${kind}/${made.id}`)
    }
  })

  it.concurrent('a topic that nobody handles is refused with a reply', async () => {
    const reply = await device().ask(`notifications/${fresh('nowhere')}`, { message: 'Hi' })
    expect(reply).toMatchObject({ status: 'error', error: { code: 'no_route' } })
  })

  it.concurrent('[S4-051] counts what comes in, what is refused and what is delivered', async () => {
    const value = async (line: RegExp) => {
      const { body } = await world.service.api<string>('GET', '/metrics')
      return Number(line.exec(body)?.[1] ?? 0)
    }
    const refused = /belfry_\w*refused\w*\{[^}]*code="invalid_payload"[^}]*\} (\d+)/
    const before = await value(refused)
    await device().ask(`${USER}/${fresh('u')}`, {})
    await waitFor(async () => (await value(refused)) > before)
    const mail = { to: `${fresh('m')}@example.com`, subject: 'S', body: 'B' }
    await device().ask('notifications/email/send', mail)
    await waitFor(() => value(/belfry_\w*deliver\w*\{[^}]*channel="email"[^}]*\} (\d+)/))
  })

  it.concurrent('[S4-028 S4-052] tells how much there is of everything', async () => {
    const user = fresh('u')
    await world.http('POST', '/api/test', {}, user)
    expect(await world.notification(user)).toMatchObject({ title: 'Test notification' })
    const stats = await world.http('GET', '/api/stats', undefined, user)
    expect(stats).toMatchObject({ total: 1, unread: 1, by_type: { test: 1 } })
    expect((await world.inbox(user, '&unread_only')).data).toHaveLength(1)
    expect(stats.users).toBeGreaterThan(0)
    const queues = await world.http('GET', '/api/queues')
    const names = queues.data.map(({ name }: Json) => name)
    expect(names).toEqual(expect.arrayContaining(['email', 'sms', 'push', 'mqtt', 'broadcast']))
  })

  it.concurrent('[K-03] shows its topics, and tries one without effect', async () => {
    const { data } = await world.http('GET', '/api/routes')
    const mail = data.find(({ pattern }: Json) => pattern === 'notifications/email/send')
    expect(mail).toMatchObject({ qos: 2, shared: true, worker_count: 3 })
    const user = fresh('u')
    const attempt = { topic: `${USER}/${user}`, payload: { message: 'Hi', priority: 'urgent' } }
    const tried = await world.http('POST', '/api/routes/test', attempt)
    expect(JSON.stringify(tried)).toContain('invalid_payload')
    expect((await world.inbox(user)).data).toEqual([])
  })

  it.concurrent('[S4-051] what was refused can be sent through again, once nothing is against it', async () => {
    const user = fresh('u')
    const wishes = `/api/users/${user}/preferences`
    await world.http('PUT', wishes, { muted_types: ['gossip'] })
    await device().ask(`${USER}/${user}`, { message: `Psst ${user}`, type: 'gossip' })
    const { id } = await world.deadLetter(`Psst ${user}`)
    const letter = `/api/dead-letters/${id}`
    expect(await world.http('GET', letter)).toMatchObject({ code: 'filtered', door: 'mqtt' })
    await world.http('PUT', wishes, { muted_types: [] })
    await world.http('POST', `${letter}/replay`)
    expect(await world.notification(user)).toMatchObject({ message: `Psst ${user}` })
    expect((await world.service.api('GET', letter)).status).toBe(404)
  })

  it.concurrent('[S1-041] POST /api/broadcast reaches roles and groups', async () => {
    const [user, role] = [fresh('u'), fresh('r')]
    await world.http('PUT', `/api/users/${user}`, { roles: [role] })
    const sent = await world.http('POST', '/api/broadcast', {
      ...{ message: 'Hello', title: 'News', level: 'warning', target_roles: [role] },
    })
    expect(sent).toMatchObject({ status: 'broadcast_sent', sent_count: 1 })
    expect(await world.notification(user)).toMatchObject({ title: 'News', type: 'warning' })
  })
})

describe('the rate limit', () => {
  let world: World
  beforeAll(async () => {
    world = await World.open({ env: { RATE_LIMIT: '5/60' } })
  })
  afterAll(() => world?.close())

  it('[S0-088 S1-025 K-04] lets five through, says when more will, and leaves alerts their own', async () => {
    const device = world.device('311')
    const user = fresh('u')
    const send = () => device.ask(`${USER}/${user}`, { message: 'Hi' })
    for (let n = 0; n < 5; n++) expect((await send()).status).toBe('sent')
    const { error } = await send()
    expect(error).toMatchObject({
      code: 'rate_limit_exceeded',
      retry_after: expect.any(Number),
      rate_limit: { max_requests: 5, window_seconds: 60, remaining: 0 },
    })
    expect(error.rate_limit.reset_time * 1000).toBeGreaterThan(Date.now())
    expect(error.retry_after).toBeLessThanOrEqual(60)

    const raised = await device.ask('notifications/alerts/critical/fire', { message: 'Fire' })
    expect(raised.status).toBe('critical_alert_sent')
    const path = '/api/test'
    const answers = []
    for (let n = 0; n < 6; n++) {
      answers.push(await world.service.api('POST', path, {}, { 'x-belfry-user': user }))
    }
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.body).toMatchObject({
      code: 'rate_limit_exceeded',
      retry_after: expect.any(Number),
    })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
