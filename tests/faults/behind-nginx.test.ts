import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startNginx } from '../support/nginx.ts'
import { type RealtimeNode, startRealtimeNode, tokenOf } from '../support/realtime-node.ts'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestServer,
} from '../support/servers.ts'
import { SocketIoUser } from '../support/socketio-client.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'

const ROOM = 'presence-chat.room.9'
const BACK_MS = 5000
const hasServers = requireServer('nginx') && requireServer('redis-server')

/** Who a client must think is there, by what it was told. */
function roster(user: SocketIoUser): string[] {
  const present = new Set<string>()
  for (const { event, args } of user.heard) {
    if (args[0] !== ROOM) continue
    if (event === 'presence:subscribed') {
      present.clear()
      for (const { user_id } of args[1]) present.add(user_id)
    } else if (event === 'presence:joining') present.add(args[1].user_id)
    else if (event === 'presence:leaving') present.delete(args[1].user_id)
  }
  return [...present].sort()
}

describe.skipIf(!hasServers).each(['one Redis', 'a Redis Cluster'])(
  'two nodes behind nginx, on %s',
  (kind) => {
    let redis: readonly TestServer[]
    let stopStore: () => Promise<unknown>
    let nodes: readonly RealtimeNode[]
    let nginx: TestServer
    const open: SocketIoUser[] = []

    beforeAll(async () => {
      if (kind === 'one Redis') {
        const server = await startRedis()
        redis = [server]
        stopStore = () => server.stop()
      } else {
        const cluster = await startRedisCluster()
        redis = cluster.nodes
        stopStore = () => cluster.stop()
      }
      const url = redis.map((each) => each.url).join(',')
      const env = { REDIS_URL: url, TRUST_PROXY: '127.0.0.1' }
      nodes = await Promise.all([startRealtimeNode(env), startRealtimeNode(env)])
      nginx = await startNginx(nodes.map(({ port }) => port))
    })
    afterAll(async () => {
      for (const user of open) user.close()
      await nginx.stop()
      await Promise.all(nodes.map((node) => node.stop()))
      await stopStore()
    })

    /** Clients of different addresses, which nginx spreads over the nodes. */
    async function connect(name: string, address: number, transports: string[]) {
      const agent = new Agent({ localAddress: `127.0.0.${address}`, keepAlive: true })
      const auth = { token: await tokenOf(name) }
      const user = await SocketIoUser.connect(nginx.url, {
        auth,
        transports,
        agent: agent as never,
      })
      user.socket.on('connect', () => user.socket.emit('subscribe', { channel: ROOM }))
      open.push(user)
      await user.ask('subscribe', { channel: ROOM })
      return user
    }

    /** How many clients each node has. */
    const held = () =>
      Promise.all(
        nodes.map(async (node) => {
          const { body } = await node.api('GET', '/metrics')
          return Number(/belfry_sessions\{protocol="socketio"\} (\d+)/.exec(body)?.[1] ?? 0)
        }),
      )

    it('[G-16] polling and WebSocket clients see the same room, with tabs on both nodes', async () => {
      const ways = [['polling'], ['websocket'], ['polling', 'websocket']]
      const tabs = await Promise.all(
        Array.from({ length: 12 }, (_, n) => connect(`u${n % 4}`, 2 + n, ways[n % 3]!)),
      )
      expect((await held()).every((count) => count > 0)).toBe(true)
      const everybody = ['u0', 'u1', 'u2', 'u3']
      await waitFor(() => tabs.every((tab) => roster(tab).join() === everybody.join()))
      for (const n of [1, 5]) tabs[n]!.close()
      await nodes[0]!.notify('u0', 'through')
      await waitFor(() => [0, 4, 8].every((n) => tabs[n]!.of('notification_message').length === 1))
      const rest = tabs.filter((_, n) => n % 4 !== 1)
      expect(rest.every((tab) => roster(tab).join() === everybody.join())).toBe(true)
      tabs[9]!.close()
      await waitFor(() => rest.every((tab) => roster(tab).join() === 'u0,u2,u3'))
      const leaving = rest[0]!.heard.filter(({ event }) => event === 'presence:leaving')
      expect(leaving.map(({ args }) => args[1].user_id)).toEqual(['u1'])
    })

    it('[G-16 S4-055] after a restart of the store everything is told again, presence right within 5 s', async () => {
      const rest = open.filter(({ socket }) => socket.connected)
      await Promise.all(redis.map((each) => each.stop('SIGKILL')))
      rest.pop()!.close()
      await Promise.all(redis.map((each) => each.restart()))
      const backAt = performance.now()
      const left = open.filter(({ socket }) => socket.connected)
      const late = await connect('late', 40, ['websocket'])
      await waitFor(() => left.every((tab) => roster(tab).includes('late')))
      const tookMs = performance.now() - backAt
      note(`presence after a restart of ${kind}`, { 'right again after ms': Math.round(tookMs) })
      await waitFor(() => roster(late).join() === roster(left[0]!).join())
      expect(tookMs).toBeLessThan(BACK_MS)
      await waitFor(async () => (await nodes[1]!.api('GET', '/readyz')).status === 200)
      await nodes[1]!.notify('u0', 'again')
      await waitFor(() =>
        left.some((tab) =>
          tab.of('notification_message').some(({ message }) => message === 'again'),
        ),
      )
    })
  },
)
