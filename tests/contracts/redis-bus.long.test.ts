import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bus } from '../../src/store/bus.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { RedisBus } from '../../src/store/redis/redis-bus.ts'
import type { RedisConfig } from '../../src/store/redis/redis-config.ts'
import { createLogger } from '../../src/support/logger.ts'
import { clusterConfig, singleConfig } from '../support/redis-configs.ts'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestCluster,
  type TestServer,
} from '../support/servers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import { type BusUnderTest, describeBus } from './bus-contract.ts'

const log = createLogger('silent')

describeBus('MemoryBus', async () => {
  const bus = new MemoryBus()
  return { bus, other: bus, tearDown: () => bus.close() }
})

async function openPair(config: RedisConfig): Promise<BusUnderTest> {
  const [bus, other] = await Promise.all([
    RedisBus.connect(config, { log }),
    RedisBus.connect(config, { log }),
  ])
  return { bus, other, tearDown: () => Promise.all([bus.close(), other.close()]).then(() => {}) }
}

/** Publishes until it is heard: a bus that is coming back may miss messages, not for ever. */
async function heardAgain(from: Bus, channel: string, heard: string[]): Promise<void> {
  const before = heard.length
  await waitFor(
    async () => {
      await from.publish(channel, 'again').catch(() => undefined)
      return heard.length > before
    },
    { message: 'nothing is heard any more' },
  )
}

describe.skipIf(!requireServer('redis-server'))('RedisBus', () => {
  describe('on one server', () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startRedis()
    })
    afterAll(() => server.stop())

    describeBus('RedisBus (single)', () => openPair(singleConfig(server.port)))

    it('subscribes what the server refused as soon as it may, and then reports the gap', async () => {
      const admin = new Redis(server.port, '127.0.0.1')
      const bus = await RedisBus.connect(singleConfig(server.port), { log })
      const other = await RedisBus.connect(singleConfig(server.port), { log })
      let gaps = 0
      bus.onGap(() => {
        gaps += 1
      })
      const heard: string[] = []
      await admin.call('ACL', 'SETUSER', 'default', 'resetchannels')
      try {
        await bus.subscribe('news', (message) => heard.push(message))
      } finally {
        await admin.call('ACL', 'SETUSER', 'default', 'allchannels')
      }
      await heardAgain(other, 'news', heard)
      expect(gaps).toBe(1)
      await Promise.all([bus.close(), other.close()])
      admin.disconnect()
    })

    it('hears again after a lost connection, and then reports the gap', async () => {
      const proxy = await startTcpProxy(server.port)
      const bus = await RedisBus.connect(singleConfig(proxy.port), { log })
      const other = await RedisBus.connect(singleConfig(server.port), { log })
      const heard: string[] = []
      const gaps: number[] = []
      await bus.subscribe('news', (message) => heard.push(message))
      bus.onGap(() => {
        gaps.push(heard.length)
        void other.publish('news', 'after the gap')
      })
      proxy.refuse()
      await other.publish('news', 'missed')
      proxy.heal()
      await waitFor(() => heard.includes('after the gap'), { message: 'no gap was reported' })
      expect(heard).not.toContain('missed')
      expect(gaps).toEqual([0])
      await Promise.all([bus.close(), other.close(), proxy.stop()])
    })

    it('takes a subscription while the connection is away', async () => {
      const proxy = await startTcpProxy(server.port)
      const bus = await RedisBus.connect(singleConfig(proxy.port), { log })
      const other = await RedisBus.connect(singleConfig(server.port), { log })
      proxy.refuse()
      await waitFor(async () => (await bus.publish('x', '').catch(() => 'away')) === 'away')
      const heard: string[] = []
      await bus.subscribe('news', (message) => heard.push(message))
      proxy.heal()
      await heardAgain(other, 'news', heard)
      await Promise.all([bus.close(), other.close(), proxy.stop()])
    })

    it('keeps installations with different prefixes or databases apart', async () => {
      const buses = await Promise.all(
        [{}, { prefix: 'a:' }, { db: 1 }].map((changes) =>
          RedisBus.connect(singleConfig(server.port, changes), { log }),
        ),
      )
      const heard: string[] = []
      for (const [n, bus] of buses.entries()) {
        await bus.subscribe('news', (message) => heard.push(`${n} ${message}`))
      }
      for (const [n, bus] of buses.entries()) await bus.publish('news', `from ${n}`)
      await waitFor(() => heard.length >= 3)
      expect(heard.toSorted()).toEqual(['0 from 0', '1 from 1', '2 from 2'])
      await Promise.all(buses.map((bus) => bus.close()))
    })
  })

  describe('on a cluster of three', () => {
    let cluster: TestCluster
    beforeAll(async () => {
      cluster = await startRedisCluster(3)
    })
    afterAll(() => cluster.stop())

    describeBus('RedisBus (cluster)', () => openPair(clusterConfig(cluster.ports)))

    it('hears every channel again after a node was restarted, and reports the gap', async () => {
      const { bus, other, tearDown } = await openPair(clusterConfig(cluster.ports))
      const channels = Array.from({ length: 30 }, (_, n) => `user-${n}`)
      const heard = new Map(channels.map((channel) => [channel, [] as string[]]))
      for (const [channel, list] of heard) await bus.subscribe(channel, (m) => list.push(m))
      let gaps = 0
      bus.onGap(() => {
        gaps += 1
      })
      await cluster.nodes[1]!.restart('SIGKILL')
      await waitFor(() => gaps > 0, { message: 'no gap was reported' })
      for (const [channel, list] of heard) await heardAgain(other, channel, list)
      await tearDown()
    })
  })
})
