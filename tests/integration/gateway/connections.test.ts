import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { PusherUser } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

let node: RealtimeNode

beforeAll(async () => {
  node = await startRealtimeNode()
})
afterAll(() => node.stop())

const list = async (query: string) => (await node.api('GET', `/api/connections${query}`)).body.data

describe('/api/connections', () => {
  it('[S4-025 S4-011 S4-052] lists clients of every protocol, and sends each away', async () => {
    const token = await tokenOf('ann')
    const { client: native, connected } = await NativeClient.connect(
      `ws://127.0.0.1:${node.port}/ws?token=${token}`,
    )
    await native.ask({ type: 'subscribe', channel: 'news' })
    const stream = await SseClient.open(`${node.url}/sse?channels=news,offers`, await bearer('ann'))
    await stream.next('connected')
    const io = await SocketIoUser.connect(node.url, { auth: { token } })
    const pusher = await PusherUser.connect(node.port, { user: 'ann' })
    await pusher.subscribe('private-user.ann')
    await pusher.signIn()
    await node.notify('ann', 'hello')
    await native.next('notification')
    const found = await waitFor(async () => {
      const data = await list('?user_id=ann')
      return data.length === 4 && data
    })
    const by = (protocol: string) =>
      found.find((one: { protocol: string }) => one.protocol === protocol)
    expect(by('native')).toMatchObject({
      user_id: 'ann',
      session_id: connected.session_id,
      is_active: true,
      channels: ['news'],
      backlog: 1,
    })
    expect(by('native').age_seconds).toBeLessThan(60)
    expect(by('sse').channels).toEqual(['news', 'offers'])
    expect(by('socketio').channels).toContain('system-status')
    expect(by('pusher')).toMatchObject({ session_id: pusher.socketId, user_id: 'ann' })
    expect(by('pusher').channels).toContain('private-user.ann')

    for (const { session_id } of found) {
      const { status, body } = await node.api('DELETE', `/api/connections/${session_id}`)
      expect([status, body]).toEqual([200, { status: 'closed', session_id }])
    }
    expect(await native.ended()).toMatchObject({ code: 1000 })
    await pusher.state('disconnected')
    await waitFor(() => io.reasons.length === 1)
    await stream.next('end')
    stream.close()
    await waitFor(async () => (await list('?user_id=ann')).length === 0)
  })

  it('ends a session whose client is away, and knows no others', async () => {
    const { client, connected } = await NativeClient.connect(
      `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('ben')}`,
    )
    client.cut()
    const id = String(connected.session_id)
    await waitFor(async () => (await list('?user_id=ben'))[0]?.is_active === false)
    expect((await node.api('DELETE', `/api/connections/${id}`)).status).toBe(404)
    expect((await node.api('DELETE', `/api/connections/${id}?user_id=ben`)).status).toBe(200)
    expect(await list('?user_id=ben')).toEqual([])
  })

  it('takes the scope operate', async () => {
    const headers = await bearer('joe')
    expect((await node.api('GET', '/api/connections', undefined, headers)).status).toBe(403)
    expect((await node.api('DELETE', '/api/connections/x', undefined, headers)).status).toBe(403)
  })

  it('[S4-055] counts those that were refused', async () => {
    const url = `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('many')}`
    const clients = await Promise.all(Array.from({ length: 20 }, () => NativeClient.connect(url)))
    expect((await NativeClient.refusal(url)).status).toBe(429)
    const { body } = await node.api('GET', '/metrics')
    expect(body).toMatch(/belfry_connection_troubles_total\{reason="user_full"\} 1/)
    expect(body).toMatch(/belfry_slow_connections 0/)
    for (const { client } of clients) client.cut()
  })

  it('[S4-026 S4-027] sends a test to oneself, and a broadcast to roles', async () => {
    const { client } = await NativeClient.connect(
      `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('eve')}`,
    )
    const own = await bearer('eve', { scope: 'publish read' })
    const json = { 'content-type': 'application/json', ...own }
    expect((await node.api('POST', '/api/test', {}, json)).status).toBe(202)
    expect(await client.next('notification')).toMatchObject({
      notification: { title: 'Test notification', user_id: 'eve' },
    })
    const { status, body } = await node.api(
      'POST',
      '/api/broadcast',
      { message: 'All hands', target_roles: ['rh'] },
      json,
    )
    expect([status, body.status]).toEqual([202, 'broadcast_sent'])
    await client.close()
  })

  it('[G-14] what was read on one device is not sent to the others any more', async () => {
    const url = `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('zoe')}`
    const { client: phone, connected } = await NativeClient.connect(`${url}&ack=1`)
    phone.cut()
    const { client: desk } = await NativeClient.connect(url)
    for (const message of ['one', 'two']) await node.notify('zoe', message)
    const { id } = await desk.next('notification')
    await desk.next('notification', (frame) => frame.id !== id)
    await desk.ask({ type: 'read', id })
    const back = await NativeClient.connect(`${url}&ack=1&session_id=${connected.session_id}`)
    await back.client.next('notification_updated', (frame) => frame.id === id)
    const shown = back.client.of('notification').map((frame) => frame.id)
    expect(shown).toHaveLength(1)
    expect(shown).not.toContain(id)
    expect(back.connected.unread_count).toBe(1)
    for (const client of [desk, back.client]) client.cut()
  })
})
