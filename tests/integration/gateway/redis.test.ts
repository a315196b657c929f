import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisBus } from '../../../src/store/redis/redis-bus.ts'
import { RedisStore } from '../../../src/store/redis/redis-store.ts'
import { silent, startGateway, type TestGateway } from '../../support/gateway.ts'
import { NativeClient } from '../../support/native-client.ts'
import { singleConfig } from '../../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../../support/servers.ts'
import { waitFor } from '../../support/wait-for.ts'

describe.skipIf(!requireServer('redis-server'))('two processes on one Redis', () => {
  let server: TestServer
  let admin: Redis
  let nodes: TestGateway[] = []
  const closing: (() => Promise<void>)[] = []

  /** A process has connections of its own to store and bus. */
  async function startNode(): Promise<TestGateway> {
    const config = singleConfig(server.port, { partitions: 4 })
    const store = await RedisStore.connect(config, { log: silent })
    const bus = await RedisBus.connect(config, { log: silent })
    const node = await startGateway({ store, bus })
    closing.push(async () => {
      await node.stop()
      await Promise.all([store.close(), bus.close()])
    })
    return node
  }

  beforeAll(async () => {
    server = await startRedis()
    admin = new Redis(server.port, '127.0.0.1')
    nodes = [await startNode(), await startNode()]
  })

  afterAll(async () => {
    await Promise.all(closing.map((close) => close()))
    admin.disconnect()
    await server.stop()
  })

  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${prefix}${n}`)

  it('show every message to every session once, in order, whoever wrote it', async () => {
    const clients = await Promise.all(
      nodes.map(async (node) => (await NativeClient.connect(node.url('user_id=ann&ack=1'))).client),
    )
    await Promise.all(numbered('m', 200).map((id, n) => nodes[n % 2]!.notify('ann', id)))
    for (const client of clients) {
      await waitFor(() => client.of('notification').length >= 200)
      const sequences = client.of('notification').map(({ seq }) => Number(seq))
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
      expect(new Set(client.of('notification').map(({ id }) => id)).size).toBe(200)
      await client.ask({ type: 'ack', up_to: sequences.at(-1) })
    }
    const queues = await admin.keys('*websocket:queue:*')
    expect(queues).toEqual([])
  })

  it('find what was said while the bus was away', async () => {
    const [here, there] = nodes as [TestGateway, TestGateway]
    const { client } = await NativeClient.connect(there.url('user_id=ben&ack=1'))
    await here.notify('ben', 'before')
    await client.next('notification')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    for (const id of numbered('lost', 20)) await here.notify('ben', id)
    await client.next('notification', ({ id }) => id === 'lost19')
    expect(client.of('notification').map(({ id }) => id)).toEqual([
      'before',
      ...numbered('lost', 20),
    ])
  })

  it('hand a session over, and its queue goes with it', async () => {
    const [here, there] = nodes as [TestGateway, TestGateway]
    const first = await NativeClient.connect(here.url('user_id=cleo&ack=1'))
    const session = String(first.connected.session_id)
    await there.notify('cleo', 'a')
    await first.client.next('notification')
    const second = await NativeClient.connect(there.url(`user_id=cleo&session_id=${session}`))
    expect(second.connected).toMatchObject({ resumed: true })
    await second.client.next('notification', ({ id }) => id === 'a')
    expect((await first.client.ended()).code).toBe(4002)
    expect(await here.sessions.connectedCount()).toBeGreaterThan(0)
    const ttls = await Promise.all(
      (await admin.keys('*websocket*cleo*')).map((key) => admin.pttl(key)),
    )
    expect(ttls.length).toBeGreaterThan(2)
    for (const ttl of ttls) expect(ttl).toBeGreaterThan(0)
  })
})
