import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openEcho, PusherUser } from '../../support/pusher-clients.ts'
import { type RealtimeNode, startRealtimeNode } from '../../support/realtime-node.ts'
import { freePort, requireServer, startRedisCluster } from '../../support/servers.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROLES = { BELFRY_ROLES: 'api,gateway,router,worker' }

let node: RealtimeNode
let mqttPort: number
let clients: { close(): void }[] = []

beforeAll(async () => {
  mqttPort = await freePort()
  node = await startRealtimeNode({ ...ROLES, MQTT_PORT: String(mqttPort) })
  for (const [user, role] of [
    ['cora', 'csr_admin'],
    ['finn', 'finance_admin'],
    ['sue', 'super_admin'],
  ]) {
    await node.api('PUT', `/api/users/${user}`, { roles: [role] })
  }
})
afterAll(() => node.stop())
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
})

/** The real pusher-js of somebody, signed in, on these channels. */
async function listen(user: string, roles: string[], channels: string[]): Promise<PusherUser> {
  const client = await PusherUser.connect(node.port, { user, claims: { roles } })
  clients.push(client)
  await client.signIn()
  for (const channel of channels) {
    const { event } = await client.subscribe(channel)
    expect(`${channel}: ${event}`).toContain('subscription_succeeded')
  }
  return client
}

/** The inbox of somebody, newest first. */
async function inbox(user: string): Promise<Record<string, unknown>[]> {
  const { body } = await node.api('GET', `/api/notifications?user_id=${user}&limit=50`)
  return body.data
}

const CAMPAIGN = { campaign_id: 'c1', campaign_title: 'Wells', organization_id: 'o1', goal: 1000 }

const KINDS = [
  {
    path: 'large-donation',
    body: { donation_id: 7, amount: 5000, threshold: 1000, donor_name: 'Ada', ...CAMPAIGN },
    event: 'donation.large',
    channels: ['admin-dashboard', 'admin-role-csr_admin', 'admin-role-finance_admin'],
    data: { donation_id: '7', amount: 5000, currency: 'EUR', threshold: 1000, donor_name: 'Ada' },
    kept: ['cora', 'finn'],
  },
  {
    path: 'campaign-milestone',
    body: { ...CAMPAIGN, milestone: '50', amount: 500 },
    event: 'campaign.milestone',
    channels: ['admin-dashboard', 'private-campaign.c1', 'private-organization.o1'],
    data: { campaign_id: 'c1', milestone: '50', amount: 500, goal: 1000 },
    kept: ['cora'],
  },
  {
    path: 'campaign-progress',
    body: { ...CAMPAIGN, amount: 750, donors: 12 },
    event: 'campaign.progress',
    channels: ['admin-dashboard', 'private-campaign.c1', 'private-organization.o1'],
    data: { percent: 75, donors: 12 },
    kept: [],
  },
  {
    path: 'approval-needed',
    body: { ...CAMPAIGN, requested_by: 'Ben' },
    event: 'campaign.approval_needed',
    channels: ['admin-dashboard', 'admin-role-super_admin', 'admin-role-csr_admin'],
    data: { campaign_title: 'Wells', requested_by: 'Ben' },
    kept: ['cora', 'sue'],
  },
  {
    path: 'payment-failed',
    body: { payment_id: 'p1', amount: 20, currency: 'USD', reason: 'card expired' },
    event: 'payment.failed',
    channels: ['payment-notifications', 'admin-role-finance_admin'],
    data: { payment_id: 'p1', reason: 'card expired', currency: 'USD' },
    kept: ['finn'],
  },
  {
    path: 'security-alert',
    body: {
      alert_type: 'unauthorized_access',
      message: 'Three wrong keys',
      details: { ip: '::1' },
    },
    event: 'security.alert',
    channels: ['security-alerts', 'admin-role-super_admin'],
    data: { alert_type: 'unauthorized_access', severity: 'high', details: { ip: '::1' } },
    kept: ['sue'],
  },
  {
    path: 'compliance',
    body: { issue_type: 'kyc', message: 'Papers are missing', severity: 'critical' },
    event: 'compliance.issue',
    channels: ['compliance-notifications', 'admin-role-super_admin', 'admin-role-csr_admin'],
    data: { issue_type: 'kyc', severity: 'critical' },
    kept: ['cora', 'sue'],
  },
  {
    path: 'general',
    body: { role: 'hr_manager', title: 'Hello', message: 'Tea is ready', data: { cups: 2 } },
    event: 'notification.created',
    channels: ['admin-role-hr_manager'],
    data: { title: 'Hello', message: 'Tea is ready', cups: 2 },
    kept: [],
  },
]

describe('the named broadcasts of seed 002', () => {
  it.each(KINDS)('[S2-001..008 S2-014..017] $path: $event', async (kind) => {
    const roles = ['super_admin', 'csr_admin', 'finance_admin', 'hr_manager']
    const client = await listen('root', roles, kind.channels)
    const { status, body } = await node.api('POST', `/api/broadcasting/${kind.path}`, kind.body)
    expect(status).toBe(202)
    const { event, channels } = kind
    expect(body).toMatchObject({ status: 'broadcast_queued', event, channels })
    await waitFor(() => client.of(event).length === channels.length)
    for (const heard of client.of(event)) {
      expect(heard.data).toMatchObject({ id: body.broadcast_id, type: event, ...kind.data })
      expect(heard.data.timestamp).toBeTypeOf('number')
    }
    expect(
      client
        .of(event)
        .map(({ channel }) => channel)
        .sort(),
    ).toEqual([...channels].sort())
    // Never a replacement for storage: whom it concerns finds it in his inbox (S2-077).
    const isKept = (one: Record<string, unknown>) => one.broadcast_id === body.broadcast_id
    for (const user of kind.kept) await waitFor(async () => (await inbox(user)).some(isKept))
    expect(body.recorded_for).toBe(kind.kept.length)
  })

  it('[S2-017] maintenance: system-maintenance hears of it, its services are silenced', async () => {
    const client = await listen('root', [], ['system-maintenance', 'admin-dashboard'])
    const news = { type: 'scheduled', duration_minutes: 120, services: ['api', 'dashboard'] }
    const { status } = await node.api('POST', '/api/broadcasting/maintenance', {
      ...news,
      scheduled_for: '2030-01-01T00:00:00Z',
    })
    expect(status).toBe(202)
    await waitFor(() => client.of('maintenance.scheduled').length === 2)
    for (const { data } of client.of('maintenance.scheduled')) {
      expect(data).toMatchObject({ duration_minutes: 120, services: ['api', 'dashboard'] })
    }
    await waitFor(async () =>
      (await inbox('sue')).some(({ type }) => type === 'maintenance.scheduled'),
    )
  })

  it('[S2-008 S2-025 S2-036] a word to one person is stored first, then shown on his own channel', async () => {
    const client = await listen('pia', [], ['private-user.notifications.pia'])
    const { body } = await node.api('POST', '/api/broadcasting/general', {
      user_id: 'pia',
      message: 'Hello Pia',
    })
    const heard = await client.next('notification.created')
    expect(heard.data).toMatchObject({ id: body.notification_id, message: 'Hello Pia' })
    expect(await inbox('pia')).toMatchObject([{ id: body.notification_id, read: false }])
  })

  it('[S2-070 S2-074] are kept from the inbox of who muted them, and not shown where unwanted', async () => {
    await node.api('PUT', '/api/users/mute', { roles: ['finance_admin'] })
    await node.api('PUT', '/api/users/mute/preferences', { muted_types: ['payment.failed'] })
    await node.api('PUT', '/api/users/quiet', { roles: ['finance_admin'] })
    await node.api('PUT', '/api/users/quiet/preferences', { realtime: false })
    const client = await listen('quiet', [], ['private-user.notifications.quiet'])
    const failed = { payment_id: 'p2', amount: 1, reason: 'no money' }
    const { body } = await node.api('POST', '/api/broadcasting/payment-failed', failed)
    await waitFor(async () => {
      const { body: work } = await node.api('GET', `/api/broadcasts/${body.broadcast_id}`)
      return work.status === 'done'
    })
    expect(await inbox('mute')).toEqual([])
    expect(await inbox('quiet')).toMatchObject([{ type: 'payment.failed' }])
    expect(client.of('notification.created')).toEqual([])
  })

  it('[S2-047] are heard by Echo as the seed listens to them', async () => {
    const echo = await openEcho(node.port, { user: '42' })
    clients.push({ close: () => echo.disconnect() })
    const heard: string[] = []
    const mine = echo.private('user.notifications.42')
    mine.listen('.notification.created', () => heard.push('notification.created'))
    const dashboard = echo.channel('admin-dashboard')
    for (const event of ['donation.large', 'campaign.milestone', 'campaign.approval_needed']) {
      dashboard.listen(`.${event}`, () => heard.push(event))
    }
    await Promise.all(
      [mine, dashboard].map(
        (channel) => new Promise<void>((done) => void channel.subscribed(() => done())),
      ),
    )
    await node.notify('42', 'hello')
    for (const { path, body } of KINDS.slice(0, 4)) {
      await node.api('POST', `/api/broadcasting/${path}`, body)
    }
    await waitFor(() => heard.length === 4)
    expect(heard.sort()).toEqual([
      'campaign.approval_needed',
      'campaign.milestone',
      'donation.large',
      'notification.created',
    ])
  })

  it('have one effect, however often they are asked for under one key', async () => {
    const client = await listen('root', [], ['payment-notifications'])
    const body = { payment_id: 'p3', amount: 1, reason: 'twice', idempotency_key: 'payment-3' }
    const first = await node.api('POST', '/api/broadcasting/payment-failed', body)
    const second = await node.api('POST', '/api/broadcasting/payment-failed', body)
    expect(second.body).toEqual(first.body)
    const last = { payment_id: 'p4', amount: 1, reason: 'last' }
    await node.api('POST', '/api/broadcasting/payment-failed', last)
    await client.next('payment.failed', ({ data }) => data.payment_id === 'p4')
    const heard = client.of('payment.failed').filter(({ data }) => data.payment_id === 'p3')
    expect(heard).toHaveLength(1)
  })

  it('say what is wrong with what they are given', async () => {
    const { status, body } = await node.api('POST', '/api/broadcasting/large-donation', {
      donation_id: 'a b',
      currency: 'euro',
    })
    expect(status).toBe(422)
    expect(body.issues.map(({ path }: { path: string }) => path)).toEqual([
      'donation_id',
      'amount',
      'currency',
    ])
  })
})

describe('[S2-018..024] domain events', () => {
  it('are broadcast when they are published over HTTP', async () => {
    const client = await listen('root', [], ['admin-dashboard'])
    const payload = { donation_id: 'd9', amount: 9000, threshold: 1000 }
    const event = { name: 'LargeDonationReceivedEvent', payload }
    const { body } = await node.api('POST', '/api/events', event)
    const heard = await client.next('donation.large')
    expect(heard.data).toMatchObject({ id: body.event_id, donation_id: 'd9', amount: 9000 })
    await waitFor(async () =>
      (await inbox('finn')).some((one) => one.broadcast_id === body.event_id),
    )
  })

  it('are broadcast when they are published on MQTT, and one that lacks something is explained', async () => {
    const client = await listen('root', ['finance_admin'], ['payment-notifications'])
    const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
      username: 'key',
      password: 'only-for-tests-admin-key',
    })
    const good = { payment_id: 'm1', amount: 3, reason: 'declined' }
    await device.publishAsync('events/payment.failed', '{"amount":"much"}', { qos: 1 })
    await device.publishAsync('events/payment.failed', JSON.stringify(good), { qos: 1 })
    const heard = await client.next('payment.failed')
    expect(heard.data).toMatchObject(good)
    await device.endAsync()
    const { body } = await node.api('GET', '/api/broadcasting/log')
    const refused = body.data.find((entry: { refused: unknown }) => entry.refused !== null)
    expect(refused).toMatchObject({ event: 'payment.failed', source: 'event:payment.failed' })
    expect(refused.refused).toContain('payment_id')
  })
})

describe('operators', () => {
  it('[S2-076] find every broadcast in the audit trail, and at whose word', async () => {
    const body = { payment_id: 'p5', amount: 1, reason: 'audit' }
    const { body: sent } = await node.api('POST', '/api/broadcasting/payment-failed', body)
    const { body: log } = await node.api('GET', '/api/broadcasting/log')
    expect(log.data[0]).toMatchObject({
      id: sent.broadcast_id,
      kind: 'payment-failed',
      queue: 'broadcasts',
      channels: ['payment-notifications', 'admin-role-finance_admin'],
      refused: null,
    })
    expect(log.data[0].source).toMatch(/^key:/)
  })

  it('see drivers, queues, channels and whether the connection works', async () => {
    await listen('root', [], ['admin-dashboard'])
    const { body } = await node.api('GET', '/api/broadcasting/status?verify=default')
    expect(body).toMatchObject({ driver: 'gateway', checks: [{ ok: true }] })
    expect(body.connections[0]).toBe('gateway')
    expect(body.queues.map(({ name }: { name: string }) => name)).toEqual([
      'broadcasts',
      'critical-broadcasts',
    ])
    const [dashboard] = body.channels
    expect(dashboard).toEqual({ name: 'admin-dashboard', access: 'everybody', subscriptions: 1 })
    expect(JSON.stringify(body)).not.toContain('only-for-tests-app-secret')
  })
})

describe.skipIf(!requireServer('redis-server'))('on a Redis Cluster', () => {
  it('a broadcast, its records and its line of the trail are one write', async () => {
    const cluster = await startRedisCluster()
    const far = await startRealtimeNode({ ...ROLES, REDIS_URL: cluster.url })
    try {
      await far.api('PUT', '/api/users/finn', { roles: ['finance_admin'] })
      const client = await PusherUser.connect(far.port, null)
      clients.push(client)
      await client.subscribe('payment-notifications')
      const body = { payment_id: 'p6', amount: 1, reason: 'far away' }
      const { body: sent } = await far.api('POST', '/api/broadcasting/payment-failed', body)
      expect(sent).toMatchObject({ recorded_for: 1 })
      await client.next('payment.failed')
      await waitFor(async () => {
        const { body: found } = await far.api('GET', '/api/notifications?user_id=finn')
        return found.data.length === 1
      })
      const { body: log } = await far.api('GET', '/api/broadcasting/log')
      expect(log.data).toMatchObject([{ id: sent.broadcast_id }])
    } finally {
      await far.stop()
      await cluster.stop()
    }
  })
})
