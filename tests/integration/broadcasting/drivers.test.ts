import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Broadcast } from '../../../src/index.ts'
import { PusherUser } from '../../support/pusher-clients.ts'
import { APP_SECRET, type RealtimeNode, startRealtimeNode } from '../../support/realtime-node.ts'
import { freePort, requireServer, startRedis, type TestServer } from '../../support/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROLES = { BELFRY_ROLES: 'api,gateway,router,worker' }

let clients: PusherUser[] = []
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
})

async function connect(port: number, user: string | null = null): Promise<PusherUser> {
  const client = await PusherUser.connect(port, user === null ? null : { user })
  clients.push(client)
  return client
}

describe('the driver gateway', () => {
  let node: RealtimeNode
  beforeAll(async () => {
    node = await startRealtimeNode(ROLES)
  })
  afterAll(() => node.stop())

  it('[S0-062 S0-063 S0-064] sends to one channel, to several, and to a private one', async () => {
    const ann = await connect(node.port, 'ann')
    for (const channel of ['private-user.ann', 'admin-dashboard', 'notifications']) {
      await ann.subscribe(channel)
    }
    await Broadcast.channel('admin-dashboard').send('message.sent', { content: 'Hello World!' })
    await Broadcast.channels(['notifications', 'admin-dashboard']).send('alert', {
      level: 'warning',
    })
    await Broadcast.privateChannel('user.ann').send('notification', { title: 'New Message' })
    const own = await ann.next('notification')
    expect(own).toMatchObject({ channel: 'private-user.ann', data: { title: 'New Message' } })
    await waitFor(() => ann.of('alert').length === 2)
    expect(ann.of('message.sent')).toMatchObject([{ data: { content: 'Hello World!' } }])
  })

  it('[S2-060 S2-061] keeps events in queues of their own until they are handed on', async () => {
    const ann = await connect(node.port, 'ann')
    await ann.subscribe('admin-dashboard')
    await node.api('POST', '/api/queues/broadcasts/pause')
    await Broadcast.channel('admin-dashboard').send('waits', {})
    await Broadcast.channel('admin-dashboard').onQueue('critical-broadcasts').send('goes', {})
    await ann.next('goes')
    const { body } = await node.api('GET', '/api/queues')
    const queue = body.data.find(({ name }: { name: string }) => name === 'broadcasts')
    expect(queue).toMatchObject({ paused: true, ready: { normal: 1 } })
    expect(ann.of('waits')).toEqual([])
    await node.api('POST', '/api/queues/broadcasts/resume')
    await ann.next('waits')
  })

  it('toOthers leaves out the socket that caused it', async () => {
    const [ann, ben] = [await connect(node.port, 'ann'), await connect(node.port, 'ben')]
    for (const client of [ann, ben]) await client.subscribe('admin-dashboard')
    const others = Broadcast.toOthers(ann.socketId)
    await others.channel('admin-dashboard').sendNow('typed', { n: 1 })
    await Broadcast.channel('admin-dashboard').sendNow('last', {})
    await Promise.all([ann.next('last'), ben.next('last')])
    expect(ben.of('typed')).toHaveLength(1)
    expect(ann.of('typed')).toEqual([])
  })

  it('[S0-038 S0-061] broadcasts an event as it describes itself', async () => {
    class MessageSent {
      readonly message: { room: number; content: string }
      readonly socket: string | null = null
      constructor(room: number, content: string) {
        this.message = { room, content }
      }
      broadcastOn() {
        return [`presence-chat.room.${this.message.room}`]
      }
      broadcastWhen() {
        return this.message.content !== ''
      }
    }
    const ann = await connect(node.port, 'ann')
    await ann.subscribe('presence-chat.room.5')
    expect(await Broadcast.event(new MessageSent(5, ''))).toBe(false)
    expect(await Broadcast.event(new MessageSent(5, 'hi'))).toBe(true)
    const heard = await ann.next('App\\Events\\MessageSent')
    expect(heard.data).toEqual({ message: { room: 5, content: 'hi' } })
  })

  it('seals what goes to an encrypted channel, and pusher-js opens it', async () => {
    const ann = await connect(node.port, 'ann')
    const channel = ann.pusher.subscribe('private-encrypted-user.ann')
    const read: unknown[] = []
    channel.bind('secret', (data: unknown) => void read.push(data))
    await new Promise((resolve) => void channel.bind('pusher:subscription_succeeded', resolve))
    await Broadcast.encrypted('user.ann').send('secret', { code: 'kiwi' })
    await waitFor(() => read.length > 0)
    expect(read).toEqual([{ code: 'kiwi' }])
    expect(JSON.stringify(ann.of('secret'))).not.toContain('kiwi')
  })

  it('counts what it hands on', async () => {
    await Broadcast.channel('admin-dashboard').sendNow('counted', {})
    const { body } = await node.api('GET', '/metrics')
    expect(body).toMatch(/belfry_broadcasts_total\{driver="gateway",outcome="sent"\} [1-9]/)
  })
})

describe('the driver pusher, with a gateway as the service elsewhere', () => {
  let host: RealtimeNode
  let line: TcpProxy
  let node: RealtimeNode
  beforeAll(async () => {
    host = await startRealtimeNode()
    line = await startTcpProxy(host.port)
    node = await startRealtimeNode({
      ...ROLES,
      BROADCAST_CONNECTION: 'pusher',
      PUSHER_APP_ID: 'belfry',
      PUSHER_APP_KEY: 'belfry',
      PUSHER_APP_SECRET: APP_SECRET,
      PUSHER_HOST: '127.0.0.1',
      PUSHER_PORT: String(line.port),
      PUSHER_SCHEME: 'http',
    })
  })
  afterAll(async () => {
    await node.stop()
    await line.stop()
    await host.stop()
  })

  it('[S0-053 S2-066] reaches its clients by signed requests, more than a hundred channels too', async () => {
    const ann = await connect(host.port, 'ann')
    await ann.subscribe('private-user.ann')
    await ann.subscribe('news.149')
    const many = Array.from({ length: 150 }, (_, n) => `news.${n}`)
    await Broadcast.private('user.ann').send('hello', { n: 1 })
    await Broadcast.channels(many).send('bulk', { n: 2 })
    expect((await ann.next('hello')).data).toEqual({ n: 1 })
    expect((await ann.next('bulk')).channel).toBe('news.149')
  })

  it('[S2-025 S2-047 X-11] brings notifications and announcements to the clients over there', async () => {
    const ann = await connect(host.port, 'ann')
    const personal = ['user.notifications.ann', 'user.ann.notifications', 'App.Models.User.ann']
    for (const name of personal) await ann.subscribe(`private-${name}`)
    await ann.subscribe('system-maintenance')
    await node.notify('ann', 'hello')
    await waitFor(() => ann.of('notification.created').length === 3)
    const ids = new Set(ann.of('notification.created').map(({ data }) => data.id))
    expect(ids.size).toBe(1)
    await ann.next('Illuminate\\Notifications\\Events\\BroadcastNotificationCreated')
    const [id] = ids
    const sent = { id, title: 'Notification', message: 'hello', read: false }
    expect((await ann.next('App\\Events\\NotificationSent')).data).toEqual({ notification: sent })
    const news = { type: 'scheduled', services: ['api'] }
    await node.api('POST', '/api/broadcasting/maintenance', news)
    await ann.next('maintenance.scheduled')
  })

  it('authorises their sockets as the service elsewhere wants it', async () => {
    const answer = await node.api('POST', '/broadcasting/auth', {
      socket_id: '1.2',
      channel_name: 'private-campaign.7',
    })
    const expected = await host.api('POST', '/broadcasting/auth', {
      socket_id: '1.2',
      channel_name: 'private-campaign.7',
    })
    expect(answer.body.auth).toMatch(/^belfry:[0-9a-f]{64}$/)
    expect(answer.body).toEqual(expected.body)
  })

  it('[S2-069] loses nothing while the service is away', async () => {
    const ann = await connect(host.port, 'ann')
    await ann.subscribe('admin-dashboard')
    line.refuse()
    for (let n = 0; n < 10; n++) await Broadcast.channel('admin-dashboard').send('kept', { n })
    await waitFor(async () => {
      const { body } = await node.api('GET', '/api/queues')
      const queue = body.data.find(({ name }: { name: string }) => name === 'broadcasts')
      return queue.scheduled > 0
    })
    expect(ann.of('kept')).toEqual([])
    line.heal()
    await waitFor(() => ann.of('kept').length >= 10)
    const numbers = ann.of('kept').map(({ data }) => data.n)
    expect([...new Set(numbers)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it.each([
    ['with a page without end', 200],
    ['that it is elsewhere', 307],
  ])('takes nothing on board from a service that answers %s', async (_, status) => {
    let sent = 0
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(status, { location: 'http://127.0.0.1:1/' })
      const page = () => {
        while (!response.destroyed && sent < 64 * 2 ** 20) {
          sent += 2 ** 20
          if (!response.write(Buffer.alloc(2 ** 20))) return void response.once('drain', page)
        }
        response.end()
      }
      page()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const app = { app_id: 'belfry', key: 'belfry', secret: APP_SECRET }
    const endless = { ...app, driver: 'pusher', host: '127.0.0.1', port, use_tls: false }
    const connection = Broadcast.configure('endless', endless)
    const message = { channels: ['a'], event: 'e', data: '{}', except: null }
    const sending = connection.broadcast(message)
    if (status === 200) await sending
    else await expect(sending).rejects.toMatchObject({ kind: 'refused' })
    expect(sent).toBeLessThan(32 * 2 ** 20)
    server.closeAllConnections()
    server.close()
  })

  it('lists what was refused for good, with the reason', async () => {
    Broadcast.configure('wrong', {
      driver: 'pusher',
      app_id: 'belfry',
      key: 'belfry',
      secret: 'not-the-secret',
      host: '127.0.0.1',
      port: host.port,
      use_tls: false,
    })
    await Broadcast.channel('admin-dashboard').via('wrong').send('refused', {})
    const failed = await waitFor(async () => {
      const { body } = await node.api('GET', '/api/queues/broadcasts/failed')
      return body.data[0]
    })
    expect(failed).toMatchObject({ event: 'refused', status: 'failed' })
    expect(failed.history.at(-1).reason).toContain('answered 401')
  })
})

describe.skipIf(!requireServer('redis-server'))('the driver redis', () => {
  let redis: TestServer
  let node: RealtimeNode
  beforeAll(async () => {
    redis = await startRedis()
    const env = { REDIS_URL: redis.url, BROADCAST_CONNECTION: 'redis', BROADCAST_PREFIX: 'app_' }
    node = await startRealtimeNode({ ...ROLES, ...env })
  })
  afterAll(async () => {
    await node.stop()
    await redis.stop()
  })

  it('[S0-055] publishes Laravel’s envelope on channels of exactly these names', async () => {
    const subscriber = new Redis(redis.url)
    const heard: unknown[] = []
    subscriber.on('message', (channel, text) => void heard.push([channel, JSON.parse(text)]))
    await subscriber.subscribe('app_orders', 'app_private-user.1')
    await Broadcast.channels(['orders', 'private-user.1'])
      .toOthers('12.34')
      .send('order.shipped', { id: 7, note: 'ü\u2028' })
    await waitFor(() => heard.length === 2)
    const envelope = { event: 'order.shipped', data: { id: 7, note: 'ü\u2028' }, socket: '12.34' }
    expect(heard).toEqual([
      ['app_orders', envelope],
      ['app_private-user.1', envelope],
    ])
    subscriber.disconnect()
  })
})

describe('the drivers mqtt and log', () => {
  let node: RealtimeNode
  let mqttPort: number
  const lines: string[] = []
  beforeAll(async () => {
    mqttPort = await freePort()
    const env = { MQTT_PORT: String(mqttPort), BROADCAST_CONNECTION: 'mqtt', BELFRY_AUTH: 'off' }
    node = await startRealtimeNode({
      ...ROLES,
      ...env,
      BELFRY_JWT_SECRET: '',
      BELFRY_ADMIN_KEY: '',
    })
  })
  afterAll(() => node.stop())

  it('publishes on the topic of the channel', async () => {
    const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`)
    const heard: unknown[] = []
    device.on('message', (topic, payload) => void heard.push([topic, JSON.parse(`${payload}`)]))
    await device.subscribeAsync('broadcasts/#', { qos: 1 })
    await Broadcast.channel('chat.room.1').send('message.sent', { n: 1 })
    await waitFor(() => heard.length > 0)
    const envelope = { event: 'message.sent', data: { n: 1 }, socket: null }
    expect(heard).toEqual([['broadcasts/chat.room.1', envelope]])
    await device.endAsync()
  })

  it('[S2-065] writes the line that is looked for', async () => {
    const { LogBroadcaster } = await import('../../../src/broadcasting/drivers/log.ts')
    const { createLogger } = await import('../../../src/support/logger.ts')
    const log = createLogger('info', { write: (line) => void lines.push(line) })
    const broadcaster = new LogBroadcaster({ log })
    const message = { channels: ['a', 'b'], event: 'donation.large', data: '{"n":1}', except: null }
    await broadcaster.broadcast(message)
    expect(lines[0]).toMatch(/broadcasted/)
    expect(JSON.parse(lines[0] ?? '').msg).toBe(
      'Broadcasting [donation.large] on channels [a, b] with payload:\n{\n    "n": 1\n}',
    )
  })
})
