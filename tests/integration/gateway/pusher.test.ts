import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PusherUser, pusherServer, RawPusher } from '../../support/pusher-clients.ts'
import {
  APP_SECRET,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { waitFor } from '../../support/wait-for.ts'

let node: RealtimeNode
let users: { close(): void }[] = []

async function connect(user?: string, claims: Record<string, unknown> = {}) {
  const person = user === undefined ? null : { user, claims }
  const client = await PusherUser.connect(node.port, person)
  users.push(client)
  return client
}

async function raw(path?: string, headers?: Record<string, string>): Promise<RawPusher> {
  const client = await RawPusher.open(node.port, path, headers)
  users.push(client)
  return client
}

beforeAll(async () => {
  node = await startRealtimeNode()
})
afterEach(() => {
  for (const user of users) user.close()
  users = []
})
afterAll(() => node.stop())

const server = () => pusherServer(node.port)
const secretbox = { encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString('base64') }

describe('pusher-js', () => {
  it('is greeted with a socket id and our activity timeout, and its pings are answered', async () => {
    const client = await raw()
    const [greeting] = client.frames
    expect(greeting.event).toBe('pusher:connection_established')
    expect(JSON.parse(greeting.data)).toEqual({
      socket_id: expect.stringMatching(/^\d+\.\d+$/),
      activity_timeout: 30,
    })
    client.send('pusher:ping', {})
    expect(await client.next('pusher:pong')).toEqual({ event: 'pusher:pong', data: '{}' })
  })

  it('hears a public channel without asking anybody, and no more once it has left', async () => {
    const client = await connect()
    expect((await client.subscribe('news')).data).toEqual({})
    await server().trigger('news', 'published', { title: 'Hello', text: 'ü "quoted"\n' })
    expect((await client.next('published')).data).toEqual({
      title: 'Hello',
      text: 'ü "quoted"\n',
    })
    client.pusher.unsubscribe('news')
    await client.subscribe('other')
    await server().trigger(['news', 'other'], 'again', { a: 1 })
    expect(await client.next('again')).toMatchObject({ channel: 'other' })
    expect(client.of('again')).toHaveLength(1)
  })

  it('is let onto its own private channel, and onto nobody else’s', async () => {
    const client = await connect('ann')
    expect((await client.subscribe('private-user.ann')).event).toMatch(/succeeded$/)
    expect(await client.subscribe('private-user.ben')).toMatchObject({
      event: 'pusher:subscription_error',
      data: { status: 403 },
    })
    expect(await client.subscribe('private-unheard-of')).toMatchObject({ data: { status: 403 } })
  })

  it('gets notifications on the personal channels that it is on, with the record’s one id', async () => {
    const client = await connect('ann')
    for (const name of ['user.ann', 'user.notifications.ann', 'App.Models.User.ann']) {
      await client.subscribe(`private-${name}`)
    }
    await node.notify('ben', 'not for ann')
    await node.notify('ann', 'hello')
    await waitFor(() => client.of('notification.created').length === 3)
    const laravel = 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated'
    await waitFor(() => client.of(laravel).length === 3)
    const ids = [...client.of('notification.created'), ...client.of(laravel)].map(
      ({ data }) => data.id,
    )
    expect(new Set(ids).size).toBe(1)
    expect(client.of('notification.created')[0]?.data).toMatchObject({ message: 'hello' })
  })

  it('is told how much is unread when it comes to a personal channel', async () => {
    await node.notify('cleo', 'missed')
    const client = await connect('cleo')
    await client.subscribe('private-user.notifications.cleo')
    expect((await client.next('unread_count')).data).toEqual({ count: 1 })
  })

  it('leaves no session behind when it goes', async () => {
    const client = await connect('dan')
    await client.subscribe('private-user.dan')
    expect(await node.app.services.sessions.sessionsOf('dan')).toHaveLength(1)
    client.close()
    await waitFor(async () => (await node.app.services.sessions.sessionsOf('dan')).length === 0)
  })

  it('sees who is on a presence channel, and who comes and goes, one tab or several', async () => {
    const ann = await connect('ann')
    const here = await ann.subscribe('presence-chat.room.1')
    expect(here.data.presence).toEqual({
      count: 1,
      ids: ['ann'],
      hash: { ann: { id: 'ann', name: 'ann', avatar: null } },
    })
    const [ben, tab] = [await connect('ben'), await connect('ben')]
    const both = await ben.subscribe('presence-chat.room.1')
    expect(both.data.presence).toMatchObject({ count: 2, ids: ['ann', 'ben'] })
    await tab.subscribe('presence-chat.room.1')
    expect(ann.of('pusher_internal:member_added')).toEqual([
      {
        event: 'pusher_internal:member_added',
        channel: 'presence-chat.room.1',
        data: { user_id: 'ben', user_info: { id: 'ben', name: 'ben', avatar: null } },
      },
    ])
    ben.close()
    await tab.subscribe('news')
    expect(ann.of('pusher_internal:member_removed')).toEqual([])
    tab.close()
    const { data } = await ann.next('pusher_internal:member_removed')
    expect(data).toEqual({ user_id: 'ben' })
  })

  it('whispers to the other members of its channel, and only there', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')]
    const rooms = [ann, ben].map((each) => each.subscribe('presence-chat.room.2'))
    await Promise.all(rooms)
    ann.pusher.channel('presence-chat.room.2').trigger('client-typing', { since: 3 })
    expect(await ben.next('client-typing')).toMatchObject({ data: { since: 3 } })
    ben.pusher.channel('presence-chat.room.2').trigger('client-seen', 'text')
    expect(await ann.next('client-seen')).toMatchObject({ data: 'text' })
    expect(ann.of('client-typing')).toEqual([])
  })

  it('is shown the last event of a cache channel, or told that there is none', async () => {
    const early = await connect('ann')
    await early.subscribe('cache-price')
    await early.next('pusher:cache_miss')
    await server().trigger('cache-price', 'changed', { cents: 1 })
    await server().trigger('cache-price', 'changed', { cents: 2 })
    const late = await connect('ann')
    await late.subscribe('cache-price')
    expect((await late.next('changed')).data).toEqual({ cents: 2 })
    expect(late.of('pusher:cache_miss')).toEqual([])
  })

  it('signs in, hears what only its user is told, and gets what it was refused before', async () => {
    const client = await connect('root', { roles: ['super_admin'] })
    expect(await client.subscribe('security-alerts')).toMatchObject({ data: { status: 403 } })
    await client.signIn()
    await client.next('pusher_internal:subscription_succeeded', ({ channel }) =>
      Boolean(channel === 'security-alerts'),
    )
    const got: unknown[] = []
    client.pusher.user.bind('only-you', (data: unknown) => got.push(data))
    await server().sendToUser('root', 'only-you', { a: 1 })
    await server().trigger('security-alerts', 'intrusion', { where: 'cellar' })
    expect((await client.next('intrusion')).data).toEqual({ where: 'cellar' })
    await waitFor(() => got.length > 0)
    expect(got).toEqual([{ a: 1 }])
  })

  it('is told how many are on a channel', async () => {
    const first = await connect()
    await first.subscribe('counted')
    await first.next(
      'pusher_internal:subscription_count',
      ({ data }) => data.subscription_count === 1,
    )
    const second = await connect()
    await second.subscribe('counted')
    for (const client of [first, second]) {
      await client.next(
        'pusher_internal:subscription_count',
        ({ data }) => data.subscription_count === 2,
      )
    }
  })

  it('decrypts what the server library encrypted, where both have the key', async () => {
    const other = await startRealtimeNode({
      BELFRY_APP_ENCRYPTION_KEY: secretbox.encryptionMasterKeyBase64,
    })
    try {
      const client = await PusherUser.connect(other.port, { user: 'ann' })
      users.push(client)
      const channel = client.pusher.subscribe('private-encrypted-user.ann')
      const got: unknown[] = []
      channel.bind('secret', (data: unknown) => got.push(data))
      await client.next('pusher_internal:subscription_succeeded')
      const backend = pusherServer(other.port, secretbox)
      await backend.trigger('private-encrypted-user.ann', 'secret', { pin: 1234 })
      await waitFor(() => got.length > 0)
      expect(got).toEqual([{ pin: 1234 }])
      expect(client.of('secret')[0]?.data).toEqual({
        nonce: expect.any(String),
        ciphertext: expect.any(String),
      })
    } finally {
      await other.stop()
    }
  })
})

describe('the Pusher door', () => {
  const CODES = [
    ['an unknown key', '/app/nobody?protocol=7', 4001],
    ['a protocol of the past', '/app/belfry?protocol=3', 4007],
    ['a protocol that is none', '/app/belfry?protocol=x', 4007],
    ['a token that does not hold', '/app/belfry?protocol=7&token=a.b.c', 4009],
  ] as const

  it.each(CODES)('turns away %s', async (_what, path, code) => {
    const client = await raw(path)
    expect(await client.ended()).toMatchObject({ code })
    expect(client.frames).toEqual([
      { event: 'pusher:error', data: { code, message: expect.any(String) } },
    ])
  })

  it('makes pusher-js stay away after an unknown key', async () => {
    const client = await PusherUser.create(node.port, null, 'nobody')
    users.push(client)
    await client.state('disconnected')
    expect(client.errors.map(({ code }) => code)).toContain(4001)
  })

  it('knows a client by the token in its address', async () => {
    const token = await tokenOf('root', { roles: ['super_admin'] })
    const client = await raw(`/app/belfry?protocol=7&token=${token}`)
    client.send('pusher:subscribe', { channel: 'security-alerts' })
    await client.next('pusher_internal:subscription_succeeded')
  })
})

describe('a client that does not keep to the protocol', () => {
  const sign = (channel: string, socketId: string, secret = APP_SECRET) =>
    pusherServer(node.port, { secret }).authorizeChannel(socketId, channel).auth

  it('is refused with a forged signature, or one for another socket or channel', async () => {
    const [client, other] = [await raw(), await raw()]
    const forged = [
      sign('private-x', client.socketId, 'another secret, of somebody else'),
      sign('private-x', other.socketId),
      sign('private-y', client.socketId),
      'belfry:',
      'nonsense',
      sign('private-x', client.socketId).replace('belfry', 'other'),
    ]
    for (const [index, auth] of forged.entries()) {
      client.send('pusher:subscribe', { channel: 'private-x', auth })
      await waitFor(
        () => client.frames.filter(({ event }) => event === 'pusher:error').length > index,
      )
    }
    const refusals = client.frames.filter(({ event }) => event === 'pusher:subscription_error')
    expect(refusals).toHaveLength(forged.length)
    for (const { channel, data } of refusals) {
      expect(channel).toBe('private-x')
      expect(JSON.parse(data)).toMatchObject({ type: 'AuthError', status: 403 })
    }
    const errors = client.frames.filter(({ event }) => event === 'pusher:error')
    expect(errors.map(({ data }) => data.code)).toEqual(forged.map(() => 4009))
    client.send('pusher:subscribe', {
      channel: 'private-x',
      auth: sign('private-x', client.socketId),
    })
    await client.next('pusher_internal:subscription_succeeded')
  })

  it('does not become a member with data that were not signed', async () => {
    const client = await raw()
    const data = JSON.stringify({ user_id: 'ann' })
    const { auth } = server().authorizeChannel(client.socketId, 'presence-x', { user_id: 'eve' })
    client.send('pusher:subscribe', { channel: 'presence-x', auth, channel_data: data })
    expect((await client.next('pusher:error')).data.code).toBe(4009)
  })

  it('is cut when it signs in with what is not signed for it', async () => {
    const client = await raw()
    const { auth, user_data } = server().authenticateUser('1.1', { id: 'ann' })
    client.send('pusher:signin', { auth, user_data })
    expect(await client.ended()).toMatchObject({ code: 4009 })
  })

  it('may not take another user’s channel, nor send events where it is no member', async () => {
    const client = await raw()
    client.send('pusher:subscribe', { channel: '#server-to-user-ann', auth: '' })
    await client.next('pusher:subscription_error')
    client.send('pusher:subscribe', { channel: 'news' })
    await client.next('pusher_internal:subscription_succeeded')
    for (const channel of ['news', 'private-user.ann', 'presence-x', '#server-to-user-ann']) {
      client.send('client-x', {}, channel)
    }
    await waitFor(() => client.frames.filter(({ data }) => data?.code === 4301).length === 4)
  })

  it('sends ten client events a second, and none that is larger than 10 kB', async () => {
    const [client, listener] = [await raw(), await raw()]
    for (const each of [client, listener]) {
      each.send('pusher:subscribe', {
        channel: 'private-x',
        auth: sign('private-x', each.socketId),
      })
      await each.next('pusher_internal:subscription_succeeded')
    }
    client.send('client-big', { text: 'x'.repeat(10_001) }, 'private-x')
    expect((await client.next('pusher:error')).data.code).toBe(4301)
    for (let n = 0; n < 40; n++) client.send('client-n', { n }, 'private-x')
    client.send('pusher:ping', {})
    await client.next('pusher:pong')
    const refused = client.frames.filter(({ data }) => data?.code === 4301).length - 1
    const heard = () => listener.frames.filter(({ event }) => event === 'client-n').length
    await waitFor(() => heard() + refused === 40)
    expect(refused).toBeGreaterThanOrEqual(20) // at most two seconds were touched
    expect(heard()).toBeGreaterThanOrEqual(10)
  })

  it('hears that it was not understood, and stays connected', async () => {
    const client = await raw()
    const nonsense = ['', 'hello', '[]', 'null', '{"event":7}', '{"event":"pusher:dance"}']
    for (const text of nonsense) client.socket.send(text)
    client.socket.send(Buffer.from([1, 2, 3]))
    client.send('pusher:subscribe', { channel: 7 })
    client.send('pusher:subscribe', { channel: 'not/a channel' })
    client.send('pusher:subscribe', { channel: 'x'.repeat(201) })
    await waitFor(() => client.frames.filter(({ event }) => event === 'pusher:error').length === 8)
    await waitFor(
      () => client.frames.filter(({ event }) => event === 'pusher:subscription_error').length === 2,
    )
    client.send('pusher:ping', '')
    await client.next('pusher:pong')
  })

  it('is on 128 channels at most', async () => {
    const client = await raw()
    for (let n = 0; n < 129; n++) client.send('pusher:subscribe', { channel: `c${n}` })
    const { channel } = await client.next('pusher:subscription_error')
    expect(channel).toBe('c128')
  })
})
