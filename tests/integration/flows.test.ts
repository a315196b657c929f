import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../support/native-client.ts'
import { startService, type TestService } from '../support/service.ts'
import { SocketIoUser } from '../support/socketio-client.ts'
import type { HttpVendor } from '../support/vendors/http-vendor.ts'
import { RECEIVER_SECRET, startReceiver } from '../support/vendors/webhook-receiver.ts'
import { waitFor } from '../support/wait-for.ts'

let service: TestService
let receiver: HttpVendor
let device: MqttClient

const as = (user: string) => ({ 'x-belfry-user': user })

async function inbox(user: string): Promise<Record<string, unknown>[]> {
  return (await service.api('GET', '/api/notifications', undefined, as(user))).body.data
}

async function send(to: unknown, fields: object) {
  const answer = await service.api('POST', '/api/notifications', {
    to,
    message: 'Hello',
    ...fields,
  })
  expect(answer.status).toBe(202)
  return answer.body
}

beforeAll(async () => {
  receiver = await startReceiver()
  service = await startService({
    env: {
      ACTION_TOPICS: 'doors/+/open',
      OUTBOUND_ALLOW: '127.0.0.1',
      WEBHOOK_SECRET: RECEIVER_SECRET,
    },
  })
  device = await connectAsync(service.mqttUrl, { reconnectPeriod: 0 })
})
afterAll(async () => {
  await device?.endAsync(true)
  await service?.stop()
  await receiver?.stop()
})

describe('[S0-078 S0-079 G-04 G-05 G-06 G-13 G-23] a running service', () => {
  it('collects, and the trace of each message says into what', async () => {
    const digest = { window: '1s' }
    const [one, two] = [
      await send('user:dora', { message: 'first', digest }),
      await send('user:dora', { message: 'second', digest }),
    ]
    expect(one.notifications[0]).toMatchObject({ status: 'digested', channels: [] })
    const id = two.notifications[0].notification_id
    const trace = await service.api('GET', `/api/notifications/${id}/trace`, undefined, as('dora'))
    expect(trace.body).toMatchObject({ status: 'merged', reason: 'digest' })
    await waitFor(async () => (await inbox('dora')).length === 1)
    const [record] = await inbox('dora')
    expect(record).toMatchObject({ id: trace.body.into, data: { total_count: 2 } })
  })

  it('throttles what comes by MQTT, and says so in its reply’s trace', async () => {
    const body = JSON.stringify({ message: 'pump', type: 'pump', throttle: { window: '1h' } })
    for (let n = 0; n < 3; n++) {
      await device.publishAsync('notifications/realtime/user/tom', body, { qos: 1 })
    }
    await waitFor(async () => (await inbox('tom')).length > 0)
    expect(await inbox('tom')).toHaveLength(1)
  })

  it('says what is wrong with what is asked for', async () => {
    const wrong = [
      { digest: {} },
      { digest: { cron: 'whenever' } },
      { throttle: { window: '1h', limit: 0 } },
      { require_ack: { retry: '5s' } },
      { send_at: 1, delay: '5m' },
      { at: '2030-01-01T09:00' },
      { at: 'soon', timezone: 'UTC' },
      { actions: [{ type: 'mqtt', label: 'x' }] },
      { fallback: { after: '1s', channels: [] } },
    ]
    for (const fields of wrong) {
      const answer = await service.api('POST', '/api/notifications', {
        ...{ to: 'user:u', message: 'x' },
        ...fields,
      })
      expect(answer, JSON.stringify(fields)).toMatchObject({
        status: 422,
        body: { code: 'invalid_payload', issues: [{ message: expect.stringMatching(/\w/) }] },
      })
    }
  })

  it('puts off, brings forward and takes back, by id, tag and transaction', async () => {
    const { transaction_id } = await send(['user:s1', 'user:s2'], { delay: '1h', tags: ['a'] })
    const inTenDays = new Date(Date.now() + 864_000_000).toISOString().slice(0, 16)
    const single = await send('user:s3', { at: inTenDays, timezone: 'Europe/Paris' })
    const [{ notification_id: id, status }] = single.notifications
    expect(status).toBe('scheduled')
    const moved = await service.api('PUT', `/api/scheduled/${id}`, { delay: '2h' })
    expect(moved.body).toMatchObject({ status: 'rescheduled' })
    expect((await service.api('PUT', `/api/scheduled/${id}`, { delay: '1s' })).status).toBe(200)
    await waitFor(async () => (await inbox('s3')).length === 1)
    const gone = await service.api('DELETE', `/api/transactions/${transaction_id}`)
    expect(gone.body).toEqual({ canceled: 2, already_sent: 0 })
    const by = await service.api('POST', '/api/scheduled/cancel', { tag: 'a' })
    expect(by.body).toEqual({ canceled: 0, already_sent: 0 })
    const ids = { ids: [id, 'nobody'] }
    expect((await service.api('POST', '/api/scheduled/cancel', ids)).body).toEqual({
      ...{ canceled: 0, already_sent: 1, not_found: 1 },
    })
  })

  it('sends again and again until its count, and shows how often', async () => {
    const made = await service.api('POST', '/api/recurrences', {
      ...{ to: 'user:rita', message: 'tick', cron: '* * * * * *', timezone: 'UTC', count: 2 },
    })
    expect(made).toMatchObject({ status: 201, body: { status: 'active', to: ['user:rita'] } })
    await waitFor(async () => (await inbox('rita')).length === 2)
    const path = `/api/recurrences/${made.body.id}`
    await waitFor(async () => (await service.api('GET', path)).body.status === 'done')
    const mondays = { to: ['all'], message: 'x', cron: '0 9 * * 1', send_in_user_timezone: true }
    const weekly = await service.api('POST', '/api/recurrences', mondays)
    expect(weekly.body).toMatchObject({ send_in_user_timezone: true, timezone: 'UTC' })
    expect((await service.api('GET', '/api/recurrences')).body.data[0]).toEqual(weekly.body)
    const daily = await service.api('POST', '/api/recurrences', {
      ...{ to: ['all'], message: 'x', cron: '0 9 * * *', timezone: 'Europe/Paris' },
    })
    for (const [path, value] of Object.entries({ at: '2030-01-01T09:00', timezone: 'Mars/Base' })) {
      const strange = { to: 'user:42', message: 'x', cron: '@daily', [path]: value }
      const refused = await service.api('POST', '/api/recurrences', strange)
      expect(refused).toMatchObject({ status: 422, body: { issues: [{ path }] } })
    }
    const own = `/api/recurrences/${daily.body.id}`
    const changed = await service.api('PUT', own, { cron: '0 10 * * *', message: { message: 'y' } })
    expect(changed.body).toMatchObject({ cron: '0 10 * * *', message: { message: 'y' } })
    expect((await service.api('DELETE', own)).body).toMatchObject({ status: 'canceled' })
    expect((await service.api('PUT', own, { count: 1 })).status).toBe(409)
  })

  it('publishes to a device when its action is chosen, and calls a URL, signed', async () => {
    const heard: string[] = []
    device.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
    await device.subscribeAsync('doors/+/open', { qos: 1 })
    const sent = await send('user:anna', {
      actions: [
        { type: 'mqtt', label: 'Open', topic: 'doors/7/open', payload: { for: 5 } },
        { type: 'http', label: 'Call', url: `${receiver.url}/called`, body: { x: 1 } },
        { type: 'mqtt', label: 'No', topic: 'alarms/off' },
      ],
    })
    const path = `/api/notifications/${sent.notifications[0].notification_id}/actions`
    const act = (n: number) => service.api('POST', `${path}/${n}`, {}, as('anna'))
    expect((await act(0)).body).toMatchObject({ status: 'queued', type: 'mqtt' })
    expect((await act(1)).body).toMatchObject({ status: 'queued', type: 'http' })
    expect((await act(2)).status).toBe(409)
    await waitFor(() => heard.length === 1 && receiver.posts.length === 1)
    expect(heard).toEqual(['doors/7/open {"for":5}'])
    const [request] = receiver.posts
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      type: 'notification.action',
      data: { user_id: 'anna', index: 1, label: 'Call', body: { x: 1 } },
    })
    expect((await act(0)).body).toEqual({ status: 'already_done', type: 'mqtt' })
  })

  it('says who has acknowledged, and counts what became of everything', async () => {
    const require_ack = { retry: '30s', expire: '1m', cancel_on: 'all' }
    const { receipt_id, notifications } = await send(['user:k1', 'user:k2'], { require_ack })
    const receipt = async () => (await service.api('GET', `/api/receipts/${receipt_id}`)).body
    expect(await receipt()).toMatchObject({ status: 'waiting', acknowledged_by: [] })
    for (const { notification_id, user_id } of notifications) {
      await service.api('PUT', `/api/notifications/${notification_id}/ack`, {}, as(user_id))
    }
    expect(await receipt()).toMatchObject({
      ...{ status: 'acknowledged', acknowledged_by: ['k1', 'k2'] },
    })
    const { body } = await service.api('GET', '/api/stats')
    expect(body).toMatchObject({ users: expect.any(Number), notifications: { total: {} } })
    expect(body.notifications.total.sent).toBeGreaterThan(5)
    expect(body.notifications.by_channel.inbox.read).toBeGreaterThan(1)
    const day = new Date().toISOString().slice(0, 10)
    const own = await service.api('GET', `/api/stats?from=${day}&to=${day}&type=pump`)
    expect(own.body.notifications.by_type).toEqual({
      pump: expect.objectContaining({ sent: 2 }),
    })
  })

  it('waits for acknowledgements from when it is sent, not from when it is asked for', async () => {
    const require_ack = { retry: '30s', expire: '1m', cancel_on: 'any' }
    const sendAt = Date.now() + 3 * 86_400_000
    const { receipt_id } = await send('user:k3', { require_ack, send_at: sendAt / 1000 })
    const { body } = await service.api('GET', `/api/receipts/${receipt_id}`)
    expect(body.status).toBe('waiting')
    expect(Date.parse(body.expires_at)).toBeGreaterThanOrEqual(sendAt + 60_000 - 1)
  })

  it('[G-15] a client that acknowledges has it delivered: the fallback of others alone goes out', async () => {
    const fallback = { after: '1s', unless: 'delivered', channels: ['email'] }
    const users = ['native', 'by-id', 'socketio', 'silent']
    for (const user of users) {
      await service.api('PUT', `/api/users/${user}`, { email: `${user}@example.com` })
    }
    const address = service.url.replace('http', 'ws')
    const opened = await Promise.all(
      ['native', 'by-id', 'silent'].map((user) =>
        NativeClient.connect(`${address}/ws?user_id=${user}&ack=1`),
      ),
    )
    const [native, byId, silent] = opened.map(({ client }) => client)
    const app = await SocketIoUser.connect(service.url, { auth: { user_id: 'socketio', ack: '1' } })
    for (const user of users) await send(`user:${user}`, { type: 'door', fallback })
    const { seq } = await native!.next('notification')
    await native!.ask({ type: 'ack', up_to: seq })
    await byId!.ask({ type: 'ack', id: (await byId!.next('notification')).id })
    const shown = await app.next('notification_message')
    expect(await app.ask('ack', { id: shown.id })).toMatchObject({ ok: true })
    expect(await inbox('native')).toMatchObject([
      { delivered_at: expect.stringMatching(/Z$/), read: false },
    ])
    const mails = async () => {
      const { body } = await service.api('GET', '/api/outbox?channel=email')
      return body.data.map(({ to }: { to: string }) => to)
    }
    await waitFor(async () => (await mails()).length > 0)
    expect(await mails()).toEqual(['silent@example.com'])
    const { body } = await service.api('GET', '/api/stats')
    expect(body.notifications.by_channel.realtime.delivered).toBe(3)
    app.close()
    await Promise.all([native, byId, silent].map((client) => client!.close()))
  })

  it('changes and recalls what is out', async () => {
    const sent = await send('user:rob', {})
    const path = `/api/notifications/${sent.notifications[0].notification_id}`
    expect((await service.api('PUT', path, { message: 'Better' })).body).toMatchObject({
      version: 2,
    })
    expect(await inbox('rob')).toMatchObject([{ message: 'Better' }])
    expect((await service.api('DELETE', path)).status).toBe(200)
    expect(await inbox('rob')).toEqual([])
  })

  it('keeps one thread quiet', async () => {
    const path = '/api/users/mia/mutes'
    await service.api('PUT', path, { thread: 'doc-1', for: '1h' }, as('mia'))
    const muted = await send('user:mia', { thread: 'doc-1' })
    expect(muted.rejected).toMatchObject([{ error: { code: 'filtered' } }])
    const id = muted.rejected[0].error.notification_id
    const trace = await service.api('GET', `/api/notifications/${id}/trace`, undefined, as('mia'))
    expect(trace.body).toMatchObject({ status: 'dropped', reason: 'muted' })
    await send('user:mia', { thread: 'doc-2' })
    await service.api('DELETE', path, { thread: 'doc-1' }, as('mia'))
    await send('user:mia', { thread: 'doc-1' })
    expect(await inbox('mia')).toHaveLength(2)
  })
})
