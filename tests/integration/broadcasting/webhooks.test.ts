import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PusherUser, pusherServer } from '../../support/pusher-clients.ts'
import { type RealtimeNode, startRealtimeNode } from '../../support/realtime-node.ts'
import { requireServer, startRedis, type TestServer } from '../../support/servers.ts'
import { waitFor } from '../../support/wait-for.ts'

interface Posted {
  readonly name: string
  readonly channel: string
  readonly [field: string]: unknown
}

/** A back end that reads webhooks with the official server library. */
class BackEnd {
  readonly events: Posted[] = []
  readonly forged: string[] = []
  /** What it answers from now on. */
  status = 200
  tries = 0
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      let rawBody = ''
      request.on('data', (chunk) => {
        rawBody += chunk
      })
      request.on('end', () => {
        this.tries += 1
        const hook = pusherServer(1).webhook({ headers: request.headers, rawBody } as never)
        if (!hook.isValid()) this.forged.push(rawBody)
        else if (this.status === 200) this.events.push(...(hook.getEvents() as unknown as Posted[]))
        response.writeHead(this.status).end()
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => void this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks?app=1`
  }

  of(channel: string): string[] {
    return this.events.filter((event) => event.channel === channel).map(({ name }) => name)
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

const backEnd = new BackEnd()
let url: string
let clients: PusherUser[] = []

async function connect({ port }: { port: number }, user: string): Promise<PusherUser> {
  const client = await PusherUser.connect(port, { user })
  clients.push(client)
  return client
}

beforeAll(async () => {
  url = await backEnd.start()
})
afterAll(() => backEnd.stop())
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
})

const ROLES = { BELFRY_ROLES: 'api,gateway,router,worker' }

describe('webhooks about channels', () => {
  let node: RealtimeNode
  beforeAll(async () => {
    node = await startRealtimeNode({ ...ROLES, BELFRY_APP_WEBHOOKS: url })
  })
  afterAll(() => node.stop())

  it('say when the first client comes to a channel and when the last one leaves', async () => {
    const [ann, ben] = [await connect(node, 'ann'), await connect(node, 'ben')]
    for (const client of [ann, ben]) await client.subscribe('news')
    await waitFor(() => backEnd.of('news').length === 1)
    ann.pusher.unsubscribe('news')
    await ann.subscribe('marker.1')
    await waitFor(() => backEnd.of('marker.1').length === 1)
    expect(backEnd.of('news')).toEqual(['channel_occupied'])
    ben.close()
    await waitFor(() => backEnd.of('news').length === 2)
    expect(backEnd.of('news')).toEqual(['channel_occupied', 'channel_vacated'])
  })

  it('say who comes and goes, what clients send, and which cache is empty', async () => {
    const room = 'presence-chat.room.9'
    const [ann, ben] = [await connect(node, 'ann'), await connect(node, 'ben')]
    await ann.subscribe(room)
    await ben.subscribe(room)
    ann.pusher.channel(room).trigger('client-typing', { fast: true })
    await ben.next('client-typing')
    ben.close()
    await ann.subscribe('private-cache-campaign.1')
    await waitFor(() => backEnd.of(room).length === 5)
    const events = backEnd.events.filter(({ channel }) => channel === room)
    const members = events.filter(({ name }) => name.startsWith('member_'))
    expect(members.map(({ name, user_id }) => `${name} ${user_id}`)).toEqual([
      'member_added ann',
      'member_added ben',
      'member_removed ben',
    ])
    expect(events.find(({ name }) => name === 'client_event')).toMatchObject({
      event: 'client-typing',
      data: '{"fast":true}',
      socket_id: ann.socketId,
      user_id: 'ann',
    })
    await waitFor(() => backEnd.of('private-cache-campaign.1').includes('cache_miss'))
    expect(backEnd.forged).toEqual([])
  })

  it('wait in the durable queue while the back end fails, and come when it is back', async () => {
    backEnd.status = 503
    const before = backEnd.tries
    const ann = await connect(node, 'ann')
    await ann.subscribe('while.away')
    await waitFor(() => backEnd.tries > before)
    expect(backEnd.of('while.away')).toEqual([])
    backEnd.status = 200
    await waitFor(() => backEnd.of('while.away').length === 1)
  })
})

describe.skipIf(!requireServer('redis-server'))('webhooks of two processes', () => {
  let redis: TestServer
  let nodes: [RealtimeNode, RealtimeNode]
  beforeAll(async () => {
    redis = await startRedis()
    const env = { ...ROLES, BELFRY_APP_WEBHOOKS: url, REDIS_URL: redis.url }
    nodes = [await startRealtimeNode(env), await startRealtimeNode(env)]
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await redis.stop()
  })

  it('are about the fleet: first here, last there, each told once', async () => {
    const [here, there] = [await connect(nodes[0], 'ann'), await connect(nodes[1], 'ben')]
    await here.subscribe('fleet.news')
    await there.subscribe('fleet.news')
    here.close()
    await there.subscribe('marker.2')
    await waitFor(() => backEnd.of('marker.2').length === 1)
    expect(backEnd.of('fleet.news')).toEqual(['channel_occupied'])
    there.close()
    await waitFor(() => backEnd.of('fleet.news').length === 2)
    expect(backEnd.of('fleet.news')).toEqual(['channel_occupied', 'channel_vacated'])
  })
})
