import { afterAll, beforeAll, describe } from 'vitest'
import { clusterConfig, openEmptyRedis } from '../support/redis-configs.ts'
import { requireServer, startRedisCluster, type TestCluster } from '../support/servers.ts'
import { describeStore } from './store-contract.ts'
import { describeStoreModel } from './store-model.ts'

describe.skipIf(!requireServer('redis-server'))('RedisStore', () => {
  describe('on a cluster of three', () => {
    let cluster: TestCluster
    beforeAll(async () => {
      cluster = await startRedisCluster(3)
    })
    afterAll(() => cluster.stop())

    const setUp = () => openEmptyRedis(clusterConfig(cluster.ports), cluster.ports)
    describeStore('RedisStore (cluster)', setUp, { realTime: true })
    describeStoreModel('RedisStore (cluster)', setUp, { realTime: true, numRuns: 15 })
  })
})
