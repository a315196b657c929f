import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openEcho, pusherServer } from '../../support/pusher-clients.ts'
import { type RealtimeNode, startRealtimeNode } from '../../support/realtime-node.ts'
import { waitFor } from '../../support/wait-for.ts'

type EchoClient = Awaited<ReturnType<typeof openEcho>>

let node: RealtimeNode
let echoes: EchoClient[] = []

async function open(user: string, claims = {}, broadcaster?: 'pusher' | 'reverb') {
  const echo = await openEcho(node.port, { user, claims }, broadcaster)
  echoes.push(echo)
  return echo
}

/** Resolves when the channel is joined. */
function joined(channel: { subscribed(callback: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => void channel.subscribed(() => resolve()))
}

beforeAll(async () => {
  node = await startRealtimeNode()
})
afterEach(() => {
  for (const echo of echoes) echo.disconnect()
  echoes = []
})
afterAll(() => node.stop())

describe.each(['reverb', 'pusher'] as const)('Laravel Echo as %s', (broadcaster) => {
  it('listens on the channels of the seed, with its own words', async () => {
    const echo = await open('7', {}, broadcaster)
    const heard: unknown[] = []
    const hear = (what: string) => (data: object) => heard.push({ what, ...data })
    const mine = echo.private('user.notifications.7').listen('.notification.created', hear('own'))
    const admin = echo
      .channel('admin-dashboard')
      .listen('.donation.large', hear('large'))
      .listen('OrderShipped', hear('class'))
    await Promise.all([joined(mine), joined(admin)])
    const server = pusherServer(node.port)
    await server.trigger('admin-dashboard', 'donation.large', { amount: 5000 })
    await server.trigger('admin-dashboard', 'App\\Events\\OrderShipped', { order: 1 })
    await node.notify('7', 'welcome')
    await waitFor(() => heard.length === 3)
    expect(heard).toEqual([
      { what: 'large', amount: 5000 },
      { what: 'class', order: 1 },
      expect.objectContaining({ what: 'own', user_id: '7', message: 'welcome' }),
    ])
  })

  it('is told of notifications as Laravel’s own', async () => {
    const echo = await open('8', {}, broadcaster)
    const channel = echo.private('App.Models.User.8')
    const heard: object[] = []
    channel.notification((notification: object) => heard.push(notification))
    await joined(channel)
    await node.notify('8', 'hello')
    await waitFor(() => heard.length === 1)
    expect(heard).toMatchObject([{ user_id: '8', message: 'hello', type: 'info' }])
  })

  it('[S0-066] hears NotificationSent on user.{id}.notifications, and the record beside it', async () => {
    const echo = await open('9', {}, broadcaster)
    const heard: [string, object][] = []
    const hear = (what: string) => (data: object) => void heard.push([what, data])
    const channels = [
      echo.private('user.9.notifications').listen('NotificationSent', hear('sent')),
      echo.private('user.9.notifications').listen('.notification.created', hear('record')),
      echo.private('user.9').listen('NotificationSent', hear('elsewhere')),
    ]
    await Promise.all(channels.map(joined))
    const { body } = await node.api('POST', '/api/notifications', {
      to: 'user:9',
      title: 'Welcome!',
      message: 'hello',
    })
    const [{ notification_id: id }] = body.notifications
    await waitFor(() => heard.length === 2)
    const sent = { notification: { id, title: 'Welcome!', message: 'hello', read: false } }
    expect(heard.sort(([a], [b]) => a.localeCompare(b))).toEqual([
      ['record', expect.objectContaining({ id, title: 'Welcome!', type: 'info', user_id: '9' })],
      ['sent', sent],
    ])
  })

  it('joins a room: here, joining, leaving, whispers', async () => {
    const [ann, ben] = [await open('ann', {}, broadcaster), await open('ben', {}, broadcaster)]
    const log: unknown[] = []
    const room = ann.join('chat.room.5')
    room
      .here((members: { id: string }[]) => log.push(['here', members.map(({ id }) => id)]))
      .joining((member: { id: string }) => log.push(['joining', member.id]))
      .leaving((member: { id: string }) => log.push(['leaving', member.id]))
      .listenForWhisper('typing', (data: object) => log.push(['typing', data]))
    await waitFor(() => log.length === 1)
    const other = ben.join('chat.room.5')
    await joined(other)
    other.whisper('typing', { fast: true })
    await waitFor(() => log.length === 3)
    ben.leave('chat.room.5')
    await waitFor(() => log.length === 4)
    expect(log).toEqual([
      ['here', ['ann']],
      ['joining', 'ben'],
      ['typing', { fast: true }],
      ['leaving', 'ben'],
    ])
  })

  it('is told when it may not', async () => {
    const echo = await open('eve', {}, broadcaster)
    const refusal = await new Promise((resolve) => {
      echo.private('user.notifications.7').error(resolve)
    })
    expect(refusal).toMatchObject({ status: 403 })
  })

  it('does not hear what its own user caused, with the socket id that it sends along', async () => {
    const [ann, ben] = [await open('ann', {}, broadcaster), await open('ben', {}, broadcaster)]
    const heard: string[] = []
    const channels = [ann, ben].map((echo, index) =>
      echo.channel('board').listen('.moved', () => heard.push(['ann', 'ben'][index] ?? '')),
    )
    await Promise.all(channels.map(joined))
    const server = pusherServer(node.port)
    await server.trigger('board', 'moved', {}, { socket_id: ann.socketId() ?? '' })
    await server.trigger('board', 'moved', {})
    await waitFor(() => heard.length >= 3)
    expect(heard.sort()).toEqual(['ann', 'ben', 'ben'])
  })
})
