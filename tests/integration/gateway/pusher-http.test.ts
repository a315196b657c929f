import { createHash, createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PusherUser, pusherServer } from '../../support/pusher-clients.ts'
import {
  APP_SECRET,
  bearer,
  type RealtimeNode,
  startRealtimeNode,
} from '../../support/realtime-node.ts'
import { waitFor } from '../../support/wait-for.ts'

let node: RealtimeNode
let users: PusherUser[] = []

async function connect(user: string): Promise<PusherUser> {
  const client = await PusherUser.connect(node.port, { user })
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

const server = (more: object = {}) => pusherServer(node.port, more)
const get = async (path: string, params: Record<string, string> = {}) => {
  const answer = await server().get({ path, params })
  return JSON.parse(await answer.text())
}

describe('the official server library', () => {
  it('sends one event to several channels, and several events at once', async () => {
    const client = await connect('ann')
    for (const channel of ['a', 'b', 'private-user.ann']) await client.subscribe(channel)
    const answer = await server().trigger(['a', 'b', 'private-user.ann'], 'one', { n: 1 })
    expect(await answer.json()).toEqual({})
    await waitFor(() => client.of('one').length === 3)
    const batch = await server().triggerBatch([
      { channel: 'a', name: 'two', data: { n: 2 } },
      { channel: 'b', name: 'three', data: 'text' },
      { channel: 'nobody', name: 'three', data: {} },
    ])
    expect(await batch.json()).toEqual({ batch: [{}, {}, {}] })
    expect((await client.next('two')).data).toEqual({ n: 2 })
    expect((await client.next('three')).data).toBe('text')
  })

  it('leaves out the socket that caused it', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')]
    for (const client of [ann, ben]) await client.subscribe('room')
    await server().trigger('room', 'said', {}, { socket_id: ann.socketId })
    await server().triggerBatch([
      { channel: 'room', name: 'said', data: {}, socket_id: ann.socketId },
      { channel: 'room', name: 'end', data: {} },
    ])
    for (const client of [ann, ben]) await client.next('end')
    expect(ann.of('said')).toEqual([])
    expect(ben.of('said')).toHaveLength(2)
  })

  it('asks which channels are taken, by how many, and by whom', async () => {
    const [ann, tab, ben] = [await connect('ann'), await connect('ann'), await connect('ben')]
    for (const client of [ann, tab, ben]) await client.subscribe('presence-chat.room.9')
    await ann.subscribe('taken')
    await tab.signIn()
    const { channels } = await get('/channels', { info: 'subscription_count' })
    expect(channels).toEqual({
      taken: { subscription_count: 1 },
      'presence-chat.room.9': { subscription_count: 3 },
    })
    const filtered = { filter_by_prefix: 'presence-', info: 'user_count' }
    expect(await get('/channels', filtered)).toEqual({
      channels: { 'presence-chat.room.9': { user_count: 2 } },
    })
    const info = { info: 'user_count,subscription_count' }
    expect(await get('/channels/presence-chat.room.9', info)).toEqual({
      occupied: true,
      user_count: 2,
      subscription_count: 3,
    })
    expect(await get('/channels/empty')).toEqual({ occupied: false })
    const { users: present } = await get('/channels/presence-chat.room.9/users')
    expect(present).toHaveLength(2)
    expect(present).toEqual(expect.arrayContaining([{ id: 'ann' }, { id: 'ben' }]))
    const answer = await server().trigger('taken', 'x', {}, { info: 'subscription_count' })
    expect(await answer.json()).toEqual({ channels: { taken: { subscription_count: 1 } } })
  })

  it('is told where it asks for what cannot be known', async () => {
    const asked = [
      server().get({ path: '/channels', params: { info: 'user_count' } }),
      server().get({ path: '/channels/news', params: { info: 'user_count' } }),
      server().get({ path: '/channels/news/users' }),
    ]
    for (const each of asked) await expect(each).rejects.toMatchObject({ status: 400 })
  })

  it('closes all connections of a user, who then stays away', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')]
    await Promise.all([ann.signIn(), ben.signIn()])
    await server().terminateUserConnections('ann')
    await ann.state('disconnected')
    expect(new Set(ann.errors.map(({ code }) => code))).toEqual(new Set([4009]))
    expect(ben.pusher.connection.state).toBe('connected')
  })
})

/** A request signed by hand, to be spoiled in one place. */
function request(spoil: { secret?: string; at?: number; signedBody?: string; app?: string } = {}) {
  const body = JSON.stringify({ name: 'x', data: '{}', channels: ['news'] })
  const path = `/apps/${spoil.app ?? 'belfry'}/events`
  const query = new URLSearchParams({
    auth_key: 'belfry',
    auth_timestamp: String(Math.floor(Date.now() / 1000) + (spoil.at ?? 0)),
    auth_version: '1.0',
    body_md5: createHash('md5')
      .update(spoil.signedBody ?? body)
      .digest('hex'),
  })
  const signature = createHmac('sha256', spoil.secret ?? APP_SECRET)
    .update(`POST\n${path}\n${decodeURIComponent(String(query))}`)
    .digest('hex')
  query.set('auth_signature', signature)
  return fetch(`${node.url}${path}?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

describe('a request to the HTTP API', () => {
  it('is believed when it is signed as it should be', async () => {
    expect((await request()).status).toBe(200)
    expect((await request({ at: -590 })).status).toBe(200)
  })

  it.each([
    ['another secret', { secret: 'guessed' }, 401],
    ['a timestamp eleven minutes old', { at: -660 }, 401],
    ['a timestamp eleven minutes ahead', { at: 660 }, 401],
    ['another body', { signedBody: '{}' }, 401],
    ['another application', { app: 'other' }, 404],
  ])('is not with %s', async (_what, spoil, status) => {
    expect((await request(spoil)).status).toBe(status)
  })

  it('is not without any signature, whatever else the caller shows', async () => {
    const body = { name: 'x', data: '{}', channel: 'news' }
    expect(await node.api('POST', '/apps/belfry/events', body)).toMatchObject({ status: 401 })
  })

  it('says what is wrong with an event', async () => {
    const events = [
      ['news', ''],
      ['a b', 'x'],
      [Array.from({ length: 101 }, (_, n) => `c${n}`), 'x'],
    ] as const
    const post = (body: object) =>
      server().post({ path: '/events', body: body as unknown as string, params: {} })
    for (const [channels, name] of events) {
      await expect(post({ name, data: '{}', channels })).rejects.toMatchObject({ status: 422 })
    }
    const both = { name: 'x', data: '{}', channel: 'a', channels: ['b'] }
    await expect(post(both)).rejects.toMatchObject({ status: 422 })
    const batch = Array.from({ length: 11 }, () => ({ channel: 'a', name: 'x', data: '{}' }))
    const asked = server().triggerBatch(batch as never)
    await expect(asked).rejects.toMatchObject({ status: 422 })
  })
})

describe('POST /broadcasting/auth', () => {
  const ask = async (body: string, type: string, user = 'ann', path = '/auth') => {
    const headers = { 'content-type': type, ...(await bearer(user)) }
    const answer = await fetch(`${node.url}/broadcasting${path}`, { method: 'POST', headers, body })
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
    return { status: answer.status, body: (await answer.json()) as any }
  }
  const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
  const FORM = 'application/x-www-form-urlencoded'

  it('signs forms and JSON as the server library does', async () => {
    const expected = server().authorizeChannel('1.2', 'private-user.ann')
    const fields = { socket_id: '1.2', channel_name: 'private-user.ann' }
    expect(await ask(form(fields), FORM)).toEqual({ status: 200, body: expected })
    const json = await ask(JSON.stringify(fields), 'application/json')
    expect(json).toEqual({ status: 200, body: expected })
  })

  it('says who a member is', async () => {
    const fields = { socket_id: '1.2', channel_name: 'presence-chat.room.1' }
    const { status, body } = await ask(form(fields), FORM)
    expect(status).toBe(200)
    expect(JSON.parse(body.channel_data)).toEqual({
      user_id: 'ann',
      user_info: { id: 'ann', name: 'ann', avatar: null },
    })
    const data = JSON.parse(body.channel_data)
    expect(body.auth).toBe(server().authorizeChannel('1.2', 'presence-chat.room.1', data).auth)
  })

  it('refuses what is not allowed, public channels, and those without a rule', async () => {
    for (const channel_name of ['private-user.ben', 'news', 'private-nothing', 'presence-x']) {
      expect(await ask(form({ socket_id: '1.2', channel_name }), FORM)).toMatchObject({
        status: 403,
        body: {
          ...{ error: 'Channel not authorized', code: 'forbidden', status: 403 },
          detail: `You may not join the channel ${channel_name}.`,
        },
      })
    }
  })

  it('refuses socket ids and names that cannot be, and strangers', async () => {
    for (const fields of [
      { socket_id: 'x', channel_name: 'private-user.ann' },
      { socket_id: '1.2:private-user.ben', channel_name: 'private-user.ann' },
      { socket_id: '1.2', channel_name: 'private-user.ann:x/y' },
      { socket_id: '1.2', channel_name: '' },
    ]) {
      expect((await ask(form(fields), FORM)).status).toBe(422)
    }
    const body = form({ socket_id: '1.2', channel_name: 'private-user.ann' })
    const answer = await fetch(`${node.url}/broadcasting/auth`, {
      method: 'POST',
      headers: { 'content-type': FORM },
      body,
    })
    expect(answer.status).toBe(401)
  })

  it('signs users in', async () => {
    const { status, body } = await ask(form({ socket_id: '1.2' }), FORM, 'ann', '/user-auth')
    expect(status).toBe(200)
    const data = JSON.parse(body.user_data)
    expect(data).toMatchObject({ id: 'ann', user_info: { name: 'ann' } })
    expect(body.auth).toBe(server().authenticateUser('1.2', data).auth)
  })
})

describe('what is counted', () => {
  it('tells how many clients there are, by protocol', async () => {
    const client = await connect('ann')
    await client.subscribe('private-user.ann')
    const { body } = await node.api('GET', '/metrics')
    expect(body).toContain('belfry_sessions{protocol="pusher"} 1')
    expect(body).toContain('belfry_sessions{protocol="feed"} 1')
    expect(body).toMatch(/belfry_sessions_opened_total\{protocol="pusher"\} \d+/)
  })
})
