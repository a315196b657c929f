import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { pusherServer } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { requireServer, startRedis, startRedisCluster } from '../../support/servers.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const STORES = ['the embedded store', 'Redis', 'a Redis Cluster'] as const
const hasRedis = requireServer('redis-server')

describe.each(STORES.filter((kind) => hasRedis || kind === 'the embedded store'))(
  'history of own channels on %s',
  (kind) => {
    let node: RealtimeNode
    let server: { stop(): Promise<unknown> } | null = null

    beforeAll(async () => {
      const redis =
        kind === 'Redis'
          ? await startRedis()
          : kind === 'a Redis Cluster'
            ? await startRedisCluster()
            : null
      server = redis
      node = await startRealtimeNode(redis === null ? {} : { REDIS_URL: redis.url })
    })
    afterAll(async () => {
      await node.stop()
      await server?.stop()
    })

    const trigger = (channel: string, n: number) =>
      pusherServer(node.port).trigger(channel, 'moved', { n })

    async function connect(user: string) {
      const url = `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf(user)}`
      return (await NativeClient.connect(url)).client
    }

    const numbers = (client: NativeClient) =>
      client.of('event').map(({ data }) => (data as { n: number }).n)

    it('a native client that names its place gets what it missed, then recovered', async () => {
      const channel = 'private-user.ann'
      const first = await connect('ann')
      const joined = await first.ask({ type: 'subscribe', channel })
      expect(joined).toMatchObject({ subscribed: true, offset: 0 })
      expect(joined).not.toHaveProperty('recovered')
      await trigger(channel, 1)
      const event = await first.next('event')
      expect(event).toMatchObject({ channel, event: 'moved', seq: 1, epoch: joined.epoch })
      first.cut()
      for (let n = 2; n <= 5; n++) await trigger(channel, n)
      const second = await connect('ann')
      const back = await second.ask({
        type: 'subscribe',
        channel,
        recover: { epoch: event.epoch, offset: event.seq },
      })
      expect(back).toMatchObject({ recovered: true, offset: 5 })
      expect(numbers(second)).toEqual([2, 3, 4, 5])
      await Promise.all(Array.from({ length: 30 }, (_, n) => trigger(channel, n + 6)))
      await waitFor(() => numbers(second).length === 34)
      expect(second.of('event').map(({ seq }) => seq)).toEqual(
        Array.from({ length: 34 }, (_, n) => n + 2),
      )
      second.cut()
    })

    it('an unknown place, or one too far back, is a gap that is named', async () => {
      const channel = 'private-user.ben'
      const client = await connect('ben')
      const { epoch } = await client.ask({ type: 'subscribe', channel })
      await client.ask({ type: 'unsubscribe', channel })
      for (let n = 1; n <= 3; n++) await trigger(channel, n)
      const lost = await client.ask({
        type: 'subscribe',
        channel,
        recover: { epoch: 'gone', offset: 1 },
      })
      expect(lost).toMatchObject({
        recovered: false,
        gap: { reason: 'forgotten' },
        epoch,
        offset: 3,
      })
      expect(client.of('event')).toEqual([])
      client.cut()
    })

    it('Socket.IO clients resume in the same way', async () => {
      const channel = 'user.cleo'
      const user = await SocketIoUser.connect(node.url, { auth: { token: await tokenOf('cleo') } })
      const { epoch } = await user.ask('subscribe', { channel })
      await trigger(channel, 1)
      await waitFor(() => user.heard.find(({ event }) => event === 'moved'))
      expect(user.heard.find(({ event }) => event === 'moved')?.args).toEqual([
        channel,
        { n: 1 },
        { seq: 1, epoch },
        `0/${channel}:${epoch}:1`,
      ])
      await user.ask('unsubscribe', { channel })
      await trigger(channel, 2)
      expect(await user.ask('subscribe', { channel, recover: { epoch, offset: 1 } })).toMatchObject(
        { recovered: true, offset: 2 },
      )
      expect(user.heard.filter(({ event }) => event === 'moved')).toHaveLength(2)
      user.close()
    })

    it('a Socket.IO client is on its channels again by itself and gets what it missed', async () => {
      const channel = 'private-user.cora'
      const user = await SocketIoUser.connect(node.url, { auth: { token: await tokenOf('cora') } })
      await user.ask('subscribe', { channel })
      await trigger(channel, 1)
      await waitFor(() => user.of('moved').length === 1)
      user.cut()
      for (const n of [2, 3]) await trigger(channel, n)
      await waitFor(() => user.of('moved').length === 3)
      expect(
        user.heard.filter(({ event }) => event === 'moved').map(({ args }) => args[1].n),
      ).toEqual([1, 2, 3])
      expect(user.socket.recovered).toBe(true)
      user.close()
    })

    it('an event stream comes back to its channels by Last-Event-ID, and a WebSocket to its session', async () => {
      const headers = await bearer('dan')
      const url = `${node.url}/sse?channels=private-user.dan,user.dan`
      const stream = await SseClient.open(url, headers)
      await stream.next('connected')
      await trigger('private-user.dan', 1)
      await node.notify('dan', 'one')
      await stream.next('event')
      await stream.next('notification')
      stream.close()
      await trigger('private-user.dan', 2)
      await trigger('user.dan', 3)
      await node.notify('dan', 'two')
      const back = await SseClient.open(url, {
        ...headers,
        'last-event-id': String(stream.lastEventId),
      })
      expect((await back.next('connected')).data).toMatchObject({ resumed: true, recovered: true })
      await waitFor(() => back.of('event').length === 2 && back.of('notification').length === 1)
      expect(
        back
          .of('event')
          .map(({ data }) => data.data.n)
          .sort(),
      ).toEqual([2, 3])
      expect(back.of('notification')[0]?.data.notification.message).toBe('two')
      back.close()
      await waitFor(() => back.isClosed)
      await node.notify('dan', 'three')
      const [session] = String(back.lastEventId).split(':')
      const { client, connected } = await NativeClient.connect(
        `ws://127.0.0.1:${node.port}/ws?token=${await tokenOf('dan')}&session_id=${session}`,
      )
      expect(connected.resumed).toBe(true)
      await client.next(
        'notification',
        ({ notification }) => (notification as { message: string }).message === 'three',
      )
      client.cut()
    })

    it('keeps a thousand, and is erased with its user', async () => {
      const channel = 'private-user.eve'
      const client = await connect('eve')
      const { epoch } = await client.ask({ type: 'subscribe', channel })
      await client.ask({ type: 'unsubscribe', channel })
      const server = pusherServer(node.port)
      for (let at = 0; at < 1005; at += 15) {
        const batch = Array.from({ length: 5 }, (_, n) => ({
          channel,
          name: 'moved',
          data: { n: at + n },
        }))
        await Promise.all([1, 2, 3].map(() => server.triggerBatch(batch)))
      }
      const back = await client.ask({ type: 'subscribe', channel, recover: { epoch, offset: 0 } })
      expect(back).toMatchObject({
        recovered: false,
        gap: { reason: 'too_many', from: 1, to: 5 },
        offset: 1005,
      })
      expect(client.of('event')).toHaveLength(1000)
      client.cut()
      await node.api('PUT', '/api/users/eve', { locale: 'en' })
      expect((await node.api('DELETE', '/api/users/eve/data')).status).toBe(200)
      const again = await connect('eve')
      expect((await again.ask({ type: 'subscribe', channel })).epoch).not.toBe(epoch)
      again.cut()
    })
  },
)
