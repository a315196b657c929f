import { afterAll, beforeAll, describe } from 'vitest'
import type { RedisConfig } from '../../src/store/redis/redis-config.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { createLogger } from '../../src/support/logger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { clusterConfig, emptyRedis, singleConfig } from '../support/redis-configs.ts'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestCluster,
  type TestServer,
} from '../support/servers.ts'
import type { StoreUnderTest } from './store/subject.ts'
import { describeStore } from './store-contract.ts'
import { describeStoreModel } from './store-model.ts'

const log = createLogger('silent')

async function open(config: RedisConfig, ports: readonly number[]): Promise<StoreUnderTest> {
  await emptyRedis(ports)
  const clock = new FakeClock()
  const store = await RedisStore.connect(config, { log, clock })
  return { store, clock, tearDown: () => store.close() }
}

describe.skipIf(!requireServer('redis-server'))('RedisStore', () => {
  describe('on one server', () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startRedis()
    })
    afterAll(() => server.stop())

    const setUp = () => open(singleConfig(server.port), [server.port])
    describeStore('RedisStore (single)', setUp, { realTime: true })
    describeStoreModel('RedisStore (single)', setUp, { realTime: true, numRuns: 40 })

    const shared = () =>
      open(singleConfig(server.port, { prefix: 'app:', partitions: 3 }), [server.port])
    describeStoreModel('RedisStore (prefix and partitions)', shared, {
      realTime: true,
      numRuns: 10,
    })
  })

  describe('on a cluster of three', () => {
    let cluster: TestCluster
    beforeAll(async () => {
      cluster = await startRedisCluster(3)
    })
    afterAll(() => cluster.stop())

    const setUp = () => open(clusterConfig(cluster.ports), cluster.ports)
    describeStore('RedisStore (cluster)', setUp, { realTime: true })
    describeStoreModel('RedisStore (cluster)', setUp, { realTime: true, numRuns: 15 })
  })
})
