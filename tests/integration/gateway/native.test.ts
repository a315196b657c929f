import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { RateLimitExceeded } from '../../../src/support/errors.ts'
import { tokenFor } from '../../support/gateway.ts'
import { gatewaysOfTest } from '../../support/gateways-of-test.ts'
import { NativeClient } from '../../support/native-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const start = gatewaysOfTest()

describe('a native client', () => {
  it('is told its session, its unread count and the newest ten unread records', async () => {
    const server = await start()
    for (let n = 1; n <= 12; n++) await server.notify('ann', `n${n}`)
    const { connected } = await NativeClient.connect(server.url('user_id=ann'))
    expect(connected).toEqual({
      type: 'connected',
      session_id: expect.any(String),
      resumed: false,
      unread_count: 12,
      pending: expect.any(Array),
    })
    const pending = connected.pending as { id: string }[]
    expect(pending.map(({ id }) => id)).toEqual(
      Array.from({ length: 10 }, (_, index) => `n${12 - index}`),
    )
  })

  it('gets a notification with its record, a growing seq, and is asked to acknowledge', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    await server.notify('ann', 'a')
    await server.notify('ben', 'not for ann')
    await server.notify('ann', 'b')
    await client.next('notification', ({ id }) => id === 'b')
    const [first, second] = client.of('notification')
    expect(first).toMatchObject({
      id: 'a',
      requires_ack: true,
      notification: { id: 'a', user_id: 'ann', message: 'message a' },
    })
    expect(Number(second?.seq)).toBe(Number(first?.seq) + 1)
    expect(client.of('notification')).toHaveLength(2)
  })

  it('sees updates, counts, critical alerts and system messages as frames of their own', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    server.realtime.signal('ann', 'notification_updated', '{"id":"a","version":2}')
    server.realtime.signal('ann', 'unread_count', '{"count":3}')
    server.realtime.signal('ann', 'critical_alert', '{"id":"x","severity":"critical"}')
    server.realtime.signal('ann', 'system', '{"message":"hello","type":"info"}')
    await client.next('system')
    expect(client.of('notification_updated')).toMatchObject([{ notification: { version: 2 } }])
    expect(client.of('unread_count')).toEqual([{ type: 'unread_count', count: 3 }])
    expect(client.of('critical_alert')).toMatchObject([
      { alert: { id: 'x' }, requires_acknowledgment: true },
    ])
    expect(client.of('system')).toMatchObject([{ message: 'hello' }])
  })

  it('reads, lists and acknowledges alerts, and each answer repeats its ref', async () => {
    const server = await start()
    await server.notify('ann', 'a')
    await server.notify('ann', 'b')
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    expect(await client.ask({ type: 'read', id: 'a' })).toMatchObject({
      type: 'result',
      unread_count: 1,
    })
    expect(await client.ask({ type: 'read_all' })).toMatchObject({ unread_count: 0 })
    expect(await client.ask({ type: 'list', unread_only: true })).toMatchObject({
      data: [{ id: 'b' }, { id: 'a' }],
      next_cursor: null,
    })
    expect(await client.ask({ type: 'ack_alert', id: 'x', note: 'mine' })).toMatchObject({
      status: 'acknowledged',
      alert_id: 'x',
      user: 'ann',
      note: 'mine',
    })
    expect(await client.ask({ type: 'ping' })).toMatchObject({ type: 'result' })
  })

  it('gets an error frame with the ref for whatever is wrong, and stays connected', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    expect(await client.ask({ type: 'read', id: 'none' })).toMatchObject({
      type: 'error',
      code: 'not_found',
    })
    expect(await client.ask({ type: 'dance' })).toMatchObject({ code: 'invalid_payload' })
    expect(await client.ask({ type: 'ack' })).toMatchObject({ code: 'invalid_payload' })
    expect(await client.ask({ type: 'list', unread_only: 'yes' })).toMatchObject({
      code: 'invalid_payload',
      issues: [{ path: 'unread_only' }],
    })
    for (const text of ['', 'hello', '{', 'null', '[]', '7', `${'['.repeat(10_000)}`]) {
      client.send(text)
    }
    client.socket.send(randomBytes(20))
    client.send(
      `{"type":"list","__proto__":{"polluted":true},"x":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`,
    )
    await waitFor(() => client.of('error').length >= 4 + 9)
    expect(await client.ask({ type: 'ping' })).toMatchObject({ type: 'result' })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('is told the limit when it sends too much', async () => {
    let calls = 0
    const server = await start({
      admit: () => {
        calls += 1
        if (calls > 2) {
          throw new RateLimitExceeded({
            retryAfter: 7,
            maxRequests: 2,
            windowSeconds: 10,
            resetTime: 0,
          })
        }
      },
    })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    await client.ask({ type: 'ping' })
    await client.ask({ type: 'ping' })
    expect(await client.ask({ type: 'ping' })).toMatchObject({
      type: 'error',
      code: 'rate_limit_exceeded',
      retry_after: 7,
    })
  })

  it('is answered in order however much it sends at once', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    for (let ref = 0; ref < 1000; ref++) client.send({ type: 'list', ref })
    await waitFor(() => client.of('result').length === 1000)
    expect(client.of('result').map(({ ref }) => ref)).toEqual(
      Array.from({ length: 1000 }, (_, ref) => ref),
    )
  })
})

describe('the door', () => {
  it('takes a token from the query, the subprotocol or the authorization header', async () => {
    const server = await start()
    const token = tokenFor('ann')
    const clients = [
      await NativeClient.connect(server.url(`token=${token}`)),
      await NativeClient.connect(server.url(), { protocols: ['belfry', token] }),
      await NativeClient.connect(server.url(), { headers: { authorization: `Bearer ${token}` } }),
    ]
    expect(clients[1]?.client.socket.protocol).toBe('belfry')
    await server.notify('ann', 'a')
    for (const { client } of clients) await client.next('notification')
  })

  it('refuses a token that does not hold before any socket opens', async () => {
    const server = await start()
    const { status, body } = await NativeClient.refusal(server.url('token=wrong'))
    expect(status).toBe(401)
    expect(JSON.parse(body)).toMatchObject({ code: 'unauthenticated' })
  })

  it('lets a client say who it is in its first message', async () => {
    const server = await start()
    const client = await NativeClient.open(server.url())
    client.send({ type: 'list', ref: 1 })
    expect(await client.next('error')).toMatchObject({ code: 'unauthenticated' })
    client.send({ type: 'auth', token: 'wrong', ref: 2 })
    client.send({ type: 'auth', token: tokenFor('ann') })
    client.send({ type: 'list', ref: 3 })
    expect(await client.next('connected')).toMatchObject({ unread_count: 0 })
    expect(await client.next('result')).toMatchObject({ ref: 3, data: [] })
    expect(client.of('error')).toHaveLength(2)
  })

  it('knows no other path, and refuses ids that cannot be', async () => {
    const server = await start()
    expect((await NativeClient.refusal(server.url('', '/wss'))).status).toBe(404)
    expect((await NativeClient.refusal(server.url('', '/ws/user/a%2Fb'))).status).toBe(404)
    const odd = await NativeClient.refusal(server.url('user_id=ann&session_id=a%20b'))
    expect(odd.status).toBe(422)
    expect((await NativeClient.refusal(server.url('user_id=a%2Fb'))).status).toBe(422)
  })

  it('refuses the connection beyond the limit of a user, of an address, and of all', async () => {
    const server = await start({ limits: { perUser: 2, perAddress: 4, total: 6 } })
    const url = server.url('user_id=ann')
    const first = await NativeClient.connect(url)
    await NativeClient.connect(url)
    expect((await NativeClient.refusal(url)).status).toBe(429)
    const id = String(first.connected.session_id)
    await NativeClient.connect(`${url}&session_id=${id}`)
    await waitFor(() => first.client.closed)
    await NativeClient.connect(server.url('user_id=ben'))
    await NativeClient.connect(server.url('user_id=ben'))
    await waitFor(() => server.gateway.sockets.total === 4)
    expect((await NativeClient.refusal(server.url('user_id=cleo'))).status).toBe(429)
  })

  it('closes a socket that sends a decompression bomb', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    expect(client.socket.extensions).toContain('permessage-deflate')
    client.send('x'.repeat(50_000_000))
    expect((await client.ended()).code).toBe(1009)
    await NativeClient.connect(server.url('user_id=ann'))
  })
})

describe('the bus', () => {
  it('may carry what is not ours', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    for (let shard = 0; shard < 16; shard++) await server.bus.publish(`realtime:${shard}`, 'hello')
    await server.notify('ann', 'a')
    await client.next('notification')
  })
})

describe('broadcast channels', () => {
  it('reach those who subscribed, on every process, but not the one that caused it', async () => {
    const here = await start()
    const there = await start({ store: here.store, bus: here.bus })
    const ann = await NativeClient.connect(here.url('user_id=ann'))
    const ben = await NativeClient.connect(there.url('user_id=ben'))
    const cleo = await NativeClient.connect(there.url('user_id=cleo'))
    for (const { client } of [ann, ben]) {
      expect(await client.ask({ type: 'subscribe', channel: 'news' })).toMatchObject({
        type: 'result',
        channel: 'news',
      })
    }
    here.realtime.broadcast('news', 'headline', '{"title":"one"}')
    const except = String(ann.connected.session_id)
    here.realtime.broadcast('news', 'headline', '{"title":"two"}', { except })
    await ben.client.next('event', ({ data }) => (data as { title: string }).title === 'two')
    expect(ben.client.of('event')).toMatchObject([
      { channel: 'news', event: 'headline', data: { title: 'one' } },
      { channel: 'news', event: 'headline', data: { title: 'two' } },
    ])
    const [one, two] = ben.client.of('event')
    expect(Number(two?.seq)).toBeGreaterThan(Number(one?.seq))
    await ann.client.ask({ type: 'ping' })
    expect(ann.client.of('event')).toHaveLength(1)
    expect(cleo.client.of('event')).toHaveLength(0)

    await ben.client.ask({ type: 'unsubscribe', channel: 'news' })
    here.realtime.broadcast('news', 'headline', '{"title":"three"}')
    await ann.client.next('event', ({ data }) => (data as { title: string }).title === 'three')
    await ben.client.ask({ type: 'ping' })
    expect(ben.client.of('event')).toHaveLength(2)
  })

  it('are open when public and without a rule, guarded when private or when a rule says so', async () => {
    const server = await start({
      authorizeChannel: (who, channel) =>
        channel.endsWith('user.ann') ? who?.id === 'ann' : channel === 'secret' ? false : null,
    })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    const join = async (channel: string) => {
      const answer = await client.ask({ type: 'subscribe', channel })
      return answer.type === 'result' ? 'joined' : answer.code
    }
    expect(await join('news')).toBe('joined')
    expect(await join('private-user.ann')).toBe('joined')
    expect(await join('private-user.ben')).toBe('forbidden')
    expect(await join('presence-room')).toBe('forbidden')
    expect(await join('secret')).toBe('forbidden')
    expect(await join('no such channel')).toBe('invalid_payload')
    expect(await join('x'.repeat(201))).toBe('invalid_payload')
  })

  it('are limited per connection, and empty when it has gone', async () => {
    const server = await start({ limits: { channels: 3 } })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    for (const channel of ['a', 'b', 'c', 'a']) {
      expect(await client.ask({ type: 'subscribe', channel })).toMatchObject({ type: 'result' })
    }
    expect(await client.ask({ type: 'subscribe', channel: 'd' })).toMatchObject({
      code: 'invalid_payload',
    })
    expect([...server.gateway.hub.channels()]).toHaveLength(3)
    client.cut()
    await waitFor(() => [...server.gateway.hub.channels()].length === 0)
    expect(server.gateway.hub.userCount).toBe(0)
    await waitFor(() => server.gateway.sockets.total === 0)
  })

  it('are joined by path: a user’s own and a chat room’s', async () => {
    const server = await start({
      authorizeChannel: (who, channel) =>
        channel.startsWith('user.') ? channel === `user.${who?.id}` : channel.endsWith('room.7'),
    })
    const { client: ann } = await NativeClient.connect(server.url('', '/ws/user/ann'))
    const { client: ben } = await NativeClient.connect(server.url('user_id=ben', '/ws/chat/7'))
    await waitFor(() => [...server.gateway.hub.channels()].length === 3)
    server.realtime.broadcast('user.ann', 'greeting', '1')
    server.realtime.broadcast('chat.room.7', 'said', '"hi"')
    expect(await ann.next('event')).toMatchObject({ channel: 'user.ann', data: 1 })
    expect(await ben.next('event', ({ channel }) => channel === 'chat.room.7')).toMatchObject({
      data: 'hi',
    })
    expect(ben.of('event')).toContainEqual({
      type: 'event',
      channel: 'presence-chat.room.7',
      event: 'presence:subscribed',
      data: [{ user_id: 'ben', user_info: { id: 'ben' } }],
      seq: 0,
    })

    const eve = await NativeClient.open(server.url(`token=${tokenFor('eve')}`, '/ws/user/ann'))
    expect(await eve.next('error')).toMatchObject({ code: 'forbidden' })
    expect((await eve.ended()).code).toBe(4003)
  })
})
