import PusherServer from 'pusher'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type ClientOptions,
  NotificationClient,
  type NotificationRecord,
} from '../../client/src/core/index.ts'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRET = 'for-the-test-only'

/** Clients in one process are to each other what tabs of a browser are: they share locks and channels. */
describe('NotificationClient, with the real service', () => {
  let service: TestService
  const clients: NotificationClient[] = []
  let people = 0

  beforeAll(async () => {
    service = await startService({ env: { BELFRY_APP_SECRET: SECRET } })
  })
  afterAll(() => service?.stop())
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect()
  })

  function open(options: ClientOptions): {
    client: NotificationClient
    heard: NotificationRecord[]
  } {
    const client = new NotificationClient({ url: service.url, ...options })
    const heard: NotificationRecord[] = []
    client.on('notification', (record) => heard.push(record))
    clients.push(client)
    return { client, heard }
  }

  async function send(userId: string, message: string, more: object = {}): Promise<string> {
    const body = { to: `user:${userId}`, message, ...more }
    const answer = await service.api('POST', '/api/notifications?user_id=sender', body)
    return answer.body.notifications[0].notification_id
  }

  function somebody(): string {
    people += 1
    return `person-${people}`
  }

  const texts = (records: readonly NotificationRecord[]) => records.map(({ message }) => message)

  it('[S4-032] connects, says where it stands, and hears what comes', async () => {
    const userId = somebody()
    await send(userId, 'before')
    const { client, heard } = open({ userId })
    const states: string[] = []
    client.on('connection_state', (state) => states.push(state))
    await client.connect()
    expect(states).toEqual(['connecting', 'connected'])
    await waitFor(() => !client.snapshot.loading)
    expect(texts(client.snapshot.notifications)).toEqual(['before'])
    expect(client.getUnreadCount()).toBe(1)
    await send(userId, 'after')
    await waitFor(() => heard.length === 1 && client.getUnreadCount() === 2)
    expect(texts(client.snapshot.notifications)).toEqual(['after', 'before'])
    client.disconnect()
    expect(client.connectionState).toBe('disconnected')
  })

  it('[S2-055 S2-064 S4-032] comes back after a SIGKILL of the service and misses nothing, hears nothing twice', async () => {
    const userId = somebody()
    const { client, heard } = open({ userId, random: () => 0.05 })
    await client.connect()
    await send(userId, 'one')
    await waitFor(() => heard.length === 1)
    const ports = service.url
    await service.kill()
    await waitFor(() => client.connectionState === 'reconnecting')
    await service.restart()
    expect(service.url).toBe(ports)
    await send(userId, 'two')
    await send(userId, 'three')
    await waitFor(() => client.isConnected && heard.length === 3)
    await send(userId, 'four')
    await waitFor(() => heard.length === 4)
    expect(texts(heard)).toEqual(['one', 'two', 'three', 'four'])
    await waitFor(() => client.getUnreadCount() === 4)
  })

  it('tabs share one connection; when the one that has it goes, another resumes its session', async () => {
    const userId = somebody()
    const first = open({ userId, random: () => 0 })
    await first.client.connect()
    const second = open({ userId, random: () => 0 })
    await second.client.connect()
    const third = open({ userId, random: () => 0 })
    await third.client.connect()
    const sessions = async () => {
      const { body } = await service.api('GET', `/api/connections?user_id=${userId}`)
      return body.data
    }
    expect(await sessions()).toHaveLength(1)
    await send(userId, 'to all')
    await waitFor(() => [first, second, third].every(({ heard }) => heard.length === 1))
    first.client.disconnect()
    await send(userId, 'in between')
    await waitFor(() => second.heard.length === 2 && third.heard.length === 2)
    expect(await sessions()).toHaveLength(1)
    expect(texts(third.heard)).toEqual(['to all', 'in between'])
    expect(texts(second.heard)).toEqual(['to all', 'in between'])
    expect(first.heard).toHaveLength(1)
  })

  it('what is read, archived or deleted in one tab is so in the others', async () => {
    const userId = somebody()
    const ids = await Promise.all(['a', 'b', 'c'].map((text) => send(userId, text)))
    const one = open({ userId }).client
    const other = open({ userId }).client
    await Promise.all([one.connect(), other.connect()])
    await waitFor(() => other.snapshot.notifications.length === 3)
    await waitFor(() => one.snapshot.notifications.length === 3)
    await one.markAsRead(ids[0]!)
    await waitFor(() => other.getUnreadCount() === 2)
    await one.archive(ids[1]!)
    await waitFor(() => other.snapshot.notifications.length === 2)
    await one.remove(ids[2]!)
    await waitFor(() => other.snapshot.notifications.length === 1)
    await waitFor(() => other.getUnreadCount() === 0)
    await one.markAsUnread(ids[0]!)
    await waitFor(() => other.getUnreadCount() === 1)
    await other.markAllAsRead()
    await waitFor(() => one.getUnreadCount() === 0 && one.snapshot.notifications[0]?.read)
    await one.snooze(ids[0]!, { forSeconds: 3600 })
    await waitFor(() => other.snapshot.notifications.length === 0)
  })

  it('a change that is refused is taken back', async () => {
    const userId = somebody()
    const id = await send(userId, 'here to stay')
    const { client } = open({ userId })
    await client.connect()
    await waitFor(() => client.snapshot.notifications.length === 1)
    await expect(client.snooze(id, { forSeconds: 1 })).rejects.toMatchObject({
      code: 'invalid_payload',
      status: 422,
    })
    expect(client.snapshot.notifications).toHaveLength(1)
    expect(client.getUnreadCount()).toBe(1)
  })

  it('without a socket it asks over HTTP, says so, and tells of each thing once', async () => {
    const userId = somebody()
    await send(userId, 'old')
    const { client, heard } = open({ userId, WebSocket: null, pollMs: 20 })
    await client.connect()
    expect(client.connectionState).toBe('polling')
    await send(userId, 'new')
    await waitFor(() => heard.length > 0)
    await send(userId, 'newer')
    await waitFor(() => heard.length > 1)
    expect(texts(heard)).toEqual(['new', 'newer'])
    expect(client.getUnreadCount()).toBe(3)
  })

  it('where sockets do not get through it polls until one does', async () => {
    const userId = somebody()
    let isOpen = false
    class Blocked extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(isOpen ? url : 'ws://127.0.0.1:1', protocols)
      }
    }
    const { client, heard } = open({ userId, WebSocket: Blocked, pollMs: 20, random: () => 0.02 })
    await client.connect()
    expect(client.connectionState).toBe('polling')
    await send(userId, 'polled')
    await waitFor(() => heard.length === 1)
    isOpen = true
    await waitFor(() => client.isConnected)
    await send(userId, 'pushed')
    await waitFor(() => heard.length === 2)
    expect(texts(heard)).toEqual(['polled', 'pushed'])
  })

  it('lists with a cursor, filters and counts by type', async () => {
    const userId = somebody()
    for (const type of ['info', 'warning', 'info']) await send(userId, `a ${type}`, { type })
    const { client } = open({ userId, pageSize: 2 })
    await client.connect()
    await waitFor(() => client.snapshot.notifications.length === 2)
    expect(client.snapshot.hasMore).toBe(true)
    await client.loadMore()
    expect(client.snapshot).toMatchObject({
      hasMore: false,
      stats: { total: 3, unread: 3, byType: { info: 2, warning: 1 } },
    })
    expect(texts(client.getFilteredNotifications({ type: 'warning' }))).toEqual(['a warning'])
    const page = await client.list({ limit: 1 })
    const next = await client.list({ limit: 1, cursor: page.next_cursor })
    expect(texts(next.data)).toEqual(['a warning'])
  })

  it('[S4-058] tells analytics of a receipt, once for all tabs', async () => {
    const userId = somebody()
    const tracked: unknown[] = []
    const analytics = { track: (event: string, data: unknown) => tracked.push([event, data]) }
    const tabs = [open({ userId, analytics }), open({ userId, analytics })]
    await Promise.all(tabs.map(({ client }) => client.connect()))
    const id = await send(userId, 'seen?')
    await waitFor(() => tabs.every(({ heard }) => heard.length === 1))
    expect(tracked).toEqual([['notification_received', expect.objectContaining({ id })]])
  })

  it('acknowledges alerts, and hears broadcast channels in every tab, also after a reconnect', async () => {
    const userId = somebody()
    await service.api('POST', `/api/oncall/pump?user_id=admin`, { members: [userId] })
    const one = open({ userId, random: () => 0.05 }).client
    const other = open({ userId, random: () => 0.05 }).client
    await Promise.all([one.connect(), other.connect()])
    const alerts: string[] = []
    one.on('critical_alert', ({ id }) => alerts.push(id))
    const heard: unknown[] = []
    other.channel('admin-dashboard', (event, data) => heard.push([event, data]))
    await service.api('POST', '/api/alerts?user_id=device', {
      ...{ type: 'pump', severity: 'critical', message: 'No pressure', source: 'p7' },
    })
    await waitFor(() => alerts.length === 1)
    expect(await one.acknowledgeAlert(alerts[0]!, 'on my way')).toMatchObject({
      status: 'acknowledged',
    })
    expect(await other.request('ack_alert', { id: alerts[0] })).toMatchObject({
      status: 'already_acknowledged',
    })
    await service.restart()
    await waitFor(() => one.isConnected && other.isConnected)
    const { hostname: host, port } = new URL(service.url)
    const app = { appId: 'belfry', key: 'belfry', secret: SECRET }
    const backend = new PusherServer({ ...app, host, port, useTLS: false })
    await waitFor(async () => {
      await backend.trigger('admin-dashboard', 'donation.large', { amount: 5000 })
      return heard.length > 0
    })
    expect(heard[0]).toEqual(['donation.large', { amount: 5000 }])
  })

  it('keeps preferences and quiet hours', async () => {
    const userId = somebody()
    const { client } = open({ userId })
    expect(await client.preferences()).toMatchObject({ email: true, sms: false })
    expect(await client.savePreferences({ sms: true })).toMatchObject({ email: true, sms: true })
    const hours = { is_enabled: true, start: '22:00', end: '07:00' }
    expect(await client.saveQuietHours(hours)).toMatchObject({ ...hours, mode: 'hold' })
    expect(await client.quietHours()).toMatchObject({ is_enabled: true, start: '22:00' })
  })
})
