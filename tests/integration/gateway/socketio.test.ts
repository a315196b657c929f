import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { NativeClient } from '../../support/native-client.ts'
import { pusherServer } from '../../support/pusher-clients.ts'
import { type RealtimeNode, startRealtimeNode, tokenOf } from '../../support/realtime-node.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { waitFor } from '../../support/wait-for.ts'

let node: RealtimeNode
let open: SocketIoUser[] = []
/** What becomes of a client that opens a connection and says nothing. */
let silence: Promise<{ readonly code: number; readonly after: number }>

beforeAll(async () => {
  node = await startRealtimeNode({
    BELFRY_ROLES: 'api,gateway,worker',
  })
  silence = saysNothing()
})
afterAll(() => node.stop())
afterEach(() => {
  for (const user of open) user.close()
  open = []
})

async function saysNothing() {
  const url = `ws://127.0.0.1:${node.port}/socket.io/?EIO=4&transport=websocket`
  const silent = new WebSocket(url)
  const openedAt = performance.now()
  const [code] = (await once(silent, 'close')) as [number]
  return { code, after: performance.now() - openedAt }
}

type Options = ConstructorParameters<typeof SocketIoUser>[1]

async function connect(user: string, options: Options & { claims?: object } = {}) {
  const { claims = {}, auth = {}, ...rest } = options
  const token = await tokenOf(user, claims as Record<string, unknown>)
  const client = await SocketIoUser.connect(node.url, {
    auth: { token, ...(auth as object) },
    ...rest,
  })
  open.push(client)
  return client
}

describe.each([[['polling']], [['websocket']], [['polling', 'websocket']]])(
  'socket.io-client over %s',
  (transports) => {
    it('[S4-005 S4-012 S4-014 S4-015] is told notifications and answers events, with callbacks and without', async () => {
      const name = `u-${transports.join('-')}`
      const user = await connect(name, { transports })
      expect(user.of('connected')[0]).toMatchObject({
        resumed: false,
        unread_count: 0,
        pending: [],
      })
      await node.notify(name, 'one')
      const first = await user.next('notification_message')
      expect(first).toMatchObject({ message: 'one', read: false, user_id: name })
      await node.notify(name, 'two')
      await user.next('notification_message', ({ message }) => message === 'two')
      expect(await user.ask('mark_read', { notification_id: first.id })).toMatchObject({
        ok: true,
        id: first.id,
        unread_count: 1,
      })
      expect(await user.ask('list', { unread_only: true })).toMatchObject({
        ok: true,
        data: [{ message: 'two' }],
      })
      user.socket.emit('get_notifications', {})
      expect((await user.next('notifications_list')).data).toHaveLength(2)
      user.socket.emit('mark_all_read')
      await user.next('unread_count', ({ count }) => count === 0)
      expect(await user.ask('ping')).toMatchObject({ ok: true, pong: true })
      user.socket.emit('message', { type: 'ping' })
      await user.next('pong')
      expect(await user.ask('mark_read', 'nothing-such')).toMatchObject({
        ok: false,
        error: { code: 'not_found' },
      })
      user.socket.emit('no_such_event')
      expect(await user.next('error')).toMatchObject({ code: 'invalid_payload' })
      if (transports.length === 2)
        await waitFor(() => user.socket.io.engine.transport.name === 'websocket')
    })

    it('[S4-039] resumes by itself after a cut: nothing lost, nothing twice, recovered', async () => {
      const name = `r-${transports.join('-')}`
      const user = await connect(name, { transports })
      await node.notify(name, 'm0')
      await user.next('notification_message')
      user.cut()
      for (let n = 1; n <= 5; n++) await node.notify(name, `m${n}`)
      await waitFor(() => user.of('notification_message').length >= 6)
      await waitFor(() => user.of('connected').length === 2)
      expect(user.of('notification_message').map(({ message }) => message)).toEqual([
        'm0',
        'm1',
        'm2',
        'm3',
        'm4',
        'm5',
      ])
      expect(user.socket.recovered).toBe(true)
      expect(user.of('connected')[1]).toMatchObject({ resumed: true })
    })

    it('[S4-039] is on its channels again by itself, with what its own held meanwhile', async () => {
      const name = `c-${transports.join('-')}`
      const user = await connect(name, { transports, reconnection: false })
      const own = `private-user.${name}`
      const [news, offers, room] = [`news-${name}`, `offers-${name}`, `presence-chat.room.${name}`]
      for (const channel of [own, news, offers, room]) await user.ask('subscribe', { channel })
      const numbers = (event: string) =>
        user.heard.filter((each) => each.event === event).map(({ args }) => args[1].n)
      const said = (channel: string, event: string, n: number) =>
        pusherServer(node.port).trigger(channel, event, { n })
      await said(own, 'moved', 1)
      await waitFor(() => numbers('moved').length === 1)
      await user.ask('unsubscribe', { channel: offers })
      await away(user)
      await said(own, 'moved', 2)
      await said(own, 'moved', 3)
      await back(user)
      expect(user.socket.recovered).toBe(true)
      const present = () => user.of('presence:subscribed')
      await waitFor(() => numbers('moved').length === 3 && present().length === 2)
      // Away before anything more was heard: it comes back to where it stood.
      await away(user)
      await said(own, 'moved', 4)
      await back(user)
      await said(offers, 'headline', 1)
      await said(news, 'headline', 2)
      await waitFor(() => numbers('headline').length === 1 && numbers('moved').length === 4)
      expect([numbers('headline'), numbers('moved')]).toEqual([[2], [1, 2, 3, 4]])
      await waitFor(() => present().length === 3)
      expect(present()).toEqual([room, room, room])
      expect(user.socket.recovered).toBe(true)
    })
  },
)

async function away(user: SocketIoUser): Promise<void> {
  const before = user.reasons.length
  user.cut()
  await waitFor(() => user.reasons.length > before)
}

async function back(user: SocketIoUser): Promise<void> {
  const before = user.of('connected').length
  user.socket.connect()
  await waitFor(() => user.of('connected').length > before)
}

describe('/socket.io/', () => {
  it('[S4-016 S4-021] puts administrators and RH into the broadcast room, and nobody else', async () => {
    const [admin, rh, other] = await Promise.all([
      connect('root', { claims: { roles: ['admin'] } }),
      connect('hr', { claims: { roles: ['rh'] } }),
      connect('joe', {}),
    ])
    const sent = await node.api('POST', '/api/broadcast', {
      message: 'Maintenance tonight',
      level: 'warning',
      target_roles: ['admin', 'rh'],
    })
    expect(sent.status).toBe(202)
    for (const user of [admin, rh]) {
      expect(await user.next('broadcast_message')).toMatchObject({
        message: 'Maintenance tonight',
        level: 'warning',
        target_roles: ['admin', 'rh'],
      })
    }
    expect(await other.ask('subscribe', 'broadcast')).toMatchObject({
      ok: false,
      error: { code: 'forbidden' },
    })
    expect(other.of('broadcast_message')).toEqual([])
  })

  it('[S4-015] passes on what the system says as system_message', async () => {
    const user = await connect('sys')
    await node.app.services.status.update(
      { component: 'db', status: 'degraded', message: null, data: {} },
      { id: null, key: null, target: 'x', hash: null } as never,
    )
    expect(await user.next('system_message')).toMatchObject({
      channel: 'system-status',
      event: 'status.updated',
      data: { component: 'db' },
    })
  })

  it('joins channels by their rules, sees who is there, and whispers', async () => {
    const [ann, ben] = await Promise.all([connect('ann'), connect('ben')])
    const room = 'presence-chat.room.1'
    expect(await ann.ask('subscribe', { channel: room })).toMatchObject({
      ok: true,
      subscribed: true,
    })
    await ben.ask('subscribe', { channel: room })
    const { args } = await waitFor(() =>
      ben.heard.find(({ event }) => event === 'presence:subscribed'),
    )
    expect(args[0]).toBe(room)
    expect(args[1].map(({ user_id }: { user_id: string }) => user_id).sort()).toEqual([
      'ann',
      'ben',
    ])
    await waitFor(() =>
      ann.heard.find(
        ({ event, args }) => event === 'presence:joining' && args[1].user_id === 'ben',
      ),
    )
    ann.socket.emit('client event', { channel: room, event: 'client-typing', data: { now: 1 } })
    const typing = await waitFor(() => ben.heard.find(({ event }) => event === 'client-typing'))
    expect(typing.args).toEqual([room, { now: 1 }, { user_id: 'ann' }])
    expect(ann.of('client-typing')).toEqual([])
    expect(
      await ann.ask('client event', { channel: 'private-user.ann', event: 'client-x' }),
    ).toMatchObject({
      ok: false,
    })
    ben.close()
    await waitFor(() => ann.heard.find(({ event }) => event === 'presence:leaving'))
  })

  it('is not on a channel again that it may not be on any more, and hears that it must look', async () => {
    const tokens = [await tokenOf('sue', { roles: ['super_admin'] }), await tokenOf('sue')]
    const sue = new SocketIoUser(node.url, {
      auth: (show) => show({ token: tokens.shift() }),
      reconnection: false,
    })
    open.push(sue)
    await sue.next('connected')
    for (const channel of ['security-alerts', 'news'])
      expect(await sue.ask('subscribe', { channel })).toMatchObject({ ok: true })
    await away(sue)
    await back(sue)
    expect(sue.socket.recovered).toBe(false)
    const server = pusherServer(node.port)
    await server.trigger('security-alerts', 'headline', { n: 1 })
    await server.trigger('news', 'headline', { n: 2 })
    await waitFor(() => sue.of('headline').length === 1)
    expect(sue.of('headline')).toEqual(['news'])
  })

  it('that takes a session by its name alone is on no channel of before', async () => {
    const token = await tokenOf('tom')
    const auth = { token, session_id: 'tom-desk' }
    const first = await SocketIoUser.connect(node.url, { auth })
    await first.ask('subscribe', { channel: 'news' })
    first.close()
    const again = await SocketIoUser.connect(node.url, { auth, reconnection: false })
    open.push(again)
    await away(again)
    await back(again)
    expect(again.socket.recovered).toBe(true)
    const { data } = (await node.api('GET', '/api/connections?user_id=tom')).body
    expect(data[0].channels).not.toContain('news')
  })

  it('ends when the token does, and a newer one keeps it', async () => {
    const soon = Math.floor(Date.now() / 1000) + 4
    const [short, renewed] = await Promise.all([
      connect('tim', { claims: { exp: soon }, reconnection: false }),
      connect('tom', { claims: { exp: soon }, reconnection: false }),
    ])
    expect(await renewed.ask('auth', { token: await tokenOf('tom') })).toMatchObject({ ok: true })
    await waitFor(() => short.reasons.length === 1)
    expect(short.reasons).toEqual(['io server disconnect'])
    expect(short.of('closing')).toEqual([{ code: 4001, reason: 'token expired' }])
    expect(renewed.socket.connected).toBe(true)
  })

  it('is one of the sessions: read elsewhere, acknowledged, counted in the metrics', async () => {
    const user = await connect('eve', { auth: { ack: true } })
    const { client } = await NativeClient.connect(
      `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('eve')}`,
    )
    await node.notify('eve', 'hello')
    const { id } = await user.next('notification_message')
    await client.ask({ type: 'read', id })
    await user.next('unread_count', ({ count }) => count === 0)
    const seq = Number(user.heard.find(({ event }) => event === 'notification_message')?.args[1])
    expect(await user.ask('ack', { up_to: seq })).toMatchObject({ ok: true })
    const metrics = await node.api('GET', '/metrics')
    expect(metrics.body).toMatch(/belfry_sessions\{protocol="socketio"\} \d+/)
    await client.close()
  })

  it('a client that connects twice over one connection is no second session that never ends', async () => {
    const url = `ws://127.0.0.1:${node.port}/socket.io/?EIO=4&transport=websocket`
    const twice = new WebSocket(url)
    await once(twice, 'open')
    const connect = `40${JSON.stringify({ token: await tokenOf('twice') })}`
    twice.send(connect)
    twice.send(connect)
    await once(twice, 'close')
    const left = async () =>
      (await node.api('GET', '/api/connections?user_id=twice')).body.data.length
    await waitFor(async () => (await left()) === 0)
  })

  it('[S4-008 S4-043] lets in nobody without a token that holds, says why, and cuts him after 5 s', async () => {
    for (const auth of [{}, { token: 'nonsense' }, { user_id: 'ann' }]) {
      const user = new SocketIoUser(node.url, { auth, reconnection: false })
      open.push(user)
      await waitFor(() => user.errors.length === 1)
      expect(user.errors[0]?.data?.code).toBe('unauthenticated')
    }
    const { code, after } = await silence
    expect(code).toBe(1005)
    expect(after).toBeGreaterThan(4000)
    expect(after).toBeLessThan(10_000)
  })
})
