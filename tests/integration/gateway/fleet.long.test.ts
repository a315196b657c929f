import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { PusherUser, pusherServer, roster } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestCluster,
  type TestServer,
} from '../../support/servers.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

let open: { close(): void }[] = []

async function connect({ port }: { port: number }, user: string): Promise<PusherUser> {
  const client = await PusherUser.connect(port, { user })
  open.push(client)
  return client
}

afterEach(() => {
  for (const client of open) client.close()
  open = []
})

const ROOM = 'presence-chat.room.1'
const hasRedis = requireServer('redis-server')

describe.skipIf(!hasRedis).each(['one Redis', 'a Redis Cluster'])('two processes on %s', (kind) => {
  let server: TestServer | TestCluster
  let nodes: [RealtimeNode, RealtimeNode]

  beforeAll(async () => {
    server = kind === 'one Redis' ? await startRedis() : await startRedisCluster()
    const env = { REDIS_URL: server.url }
    nodes = [await startRealtimeNode(env), await startRealtimeNode(env)]
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await server.stop()
  })

  it('agree on who is in a room, with tabs on both', async () => {
    const [here, there] = nodes
    const ann = await connect(here, 'ann')
    await ann.subscribe(ROOM)
    const tabs = [await connect(here, 'ben'), await connect(there, 'ben')]
    for (const tab of tabs) await tab.subscribe(ROOM)
    const cleo = await connect(there, 'cleo')
    await cleo.subscribe(ROOM)
    await ann.next('pusher_internal:member_added', ({ data }) => data.user_id === 'cleo')
    expect(roster(ann, ROOM)).toEqual(['ann', 'ben', 'cleo'])
    expect(roster(cleo, ROOM)).toEqual(['ann', 'ben', 'cleo'])
    tabs[0]?.close()
    tabs[1]?.pusher.unsubscribe(ROOM)
    await cleo.next('pusher_internal:member_removed', ({ data }) => data.user_id === 'ben')
    await waitFor(() => roster(ann, ROOM).length === 2)
    expect(ann.of('pusher_internal:member_removed')).toHaveLength(1)
    expect(roster(ann, ROOM)).toEqual(roster(cleo, ROOM))
  })

  it('show everybody the same room while many come and go at once', async () => {
    const room = 'presence-chat.room.2'
    const watchers = [await connect(nodes[0], 'w0'), await connect(nodes[1], 'w1')]
    for (const watcher of watchers) await watcher.subscribe(room)
    const users = ['u1', 'u2', 'u3', 'u4']
    const tabs = await Promise.all(
      users.flatMap((user) => nodes.flatMap((node) => [connect(node, user), connect(node, user)])),
    )
    let chance = 7
    for (let step = 0; step < 60; step++) {
      chance = (chance * 16_807) % 2_147_483_647
      const tab = tabs[chance % tabs.length]!
      if (tab.pusher.channel(room)?.subscribed) tab.pusher.unsubscribe(room)
      else tab.pusher.subscribe(room)
      if (step % 5 === 0) await new Promise((go) => setTimeout(go, chance % 7))
    }
    const settled = () =>
      users.filter((_, index) =>
        tabs.slice(index * 4, index * 4 + 4).some((tab) => tab.pusher.channel(room)?.subscribed),
      )
    const isPending = () => tabs.some((tab) => tab.pusher.channel(room)?.subscriptionPending)
    const stored = async () => {
      const desk = await pusherServer(nodes[1].port).get({ path: `/channels/${room}/users` })
      const { users: found } = (await desk.json()) as { users: { id: string }[] }
      return found.map(({ id }) => id).sort()
    }
    await waitFor(async () => {
      if (isPending()) return false
      const everybody = [...settled(), 'w0', 'w1'].join()
      const rosters = [await stored(), ...watchers.map((watcher) => roster(watcher, room))]
      return rosters.every((each) => each.join() === everybody)
    })
  })

  it('leave out the socket that caused an event, whoever is asked to send it', async () => {
    const [ann, ben] = [await connect(nodes[0], 'ann'), await connect(nodes[1], 'ben')]
    for (const client of [ann, ben]) await client.subscribe('board')
    const backend = pusherServer(nodes[1].port)
    await backend.trigger('board', 'moved', {}, { socket_id: ann.socketId })
    await backend.trigger('board', 'done', {})
    for (const client of [ann, ben]) await client.next('done')
    expect([ann, ben].map((client) => client.of('moved').length)).toEqual([0, 1])
  })

  it('sign for each other’s sockets, count together, and cut a user everywhere', async () => {
    const [here, there] = nodes
    const sockets = [await connect(here, 'dan'), await connect(there, 'dan')]
    for (const socket of sockets) {
      await socket.subscribe('counted')
      await socket.signIn()
    }
    for (const socket of sockets) {
      await socket.next(
        'pusher_internal:subscription_count',
        ({ data }) => data.subscription_count === 2,
      )
    }
    const answer = await pusherServer(here.port).get({
      path: '/channels/counted',
      params: { info: 'subscription_count' },
    })
    expect(await answer.json()).toEqual({ occupied: true, subscription_count: 2 })
    const { socketId } = sockets[0]!
    const { body } = await there.api(
      'POST',
      '/broadcasting/auth',
      { socket_id: socketId, channel_name: 'private-user.dan' },
      { 'content-type': 'application/json', ...(await bearer('dan')) },
    )
    expect(body.auth).toBe(
      pusherServer(here.port).authorizeChannel(socketId, 'private-user.dan').auth,
    )
    const { client: native } = await NativeClient.connect(
      `ws://127.0.0.1:${there.port}/ws?token=${await tokenOf('dan')}`,
    )
    await pusherServer(there.port).terminateUserConnections('dan')
    for (const socket of sockets) await socket.state('disconnected')
    await native.ended()
  })

  it('bring notifications to personal channels and streams wherever those are', async () => {
    const [here, there] = nodes
    const user = await connect(there, 'eve')
    await user.subscribe('private-user.eve')
    const stream = await SseClient.open(`${there.url}/sse`, await bearer('eve'))
    await stream.next('connected')
    for (let n = 0; n < 50; n++) await here.notify('eve', `m${n}`)
    await waitFor(() => user.of('notification.created').length >= 50)
    const expected = Array.from({ length: 50 }, (_, n) => `m${n}`)
    expect(user.of('notification.created').map(({ data }) => data.message)).toEqual(expected)
    await waitFor(() => stream.of('notification').length >= 50)
    const cursor = String(stream.of('notification')[9]?.id)
    stream.close()
    const back = await SseClient.open(`${here.url}/sse`, {
      ...(await bearer('eve')),
      'last-event-id': cursor,
    })
    open.push(back)
    await waitFor(() => back.of('notification').length >= 40)
    const seen = back.of('notification').map(({ data }) => data.notification.message)
    expect(seen).toEqual(expected.slice(10))
  })

  it('leave nothing of presence behind', async () => {
    for (const client of open) client.close()
    const stored = async () => {
      const answer = await pusherServer(nodes[0].port).get({ path: '/channels' })
      return (await answer.json()) as { channels: object }
    }
    await waitFor(async () => Object.keys((await stored()).channels).length === 0)
  })
})
