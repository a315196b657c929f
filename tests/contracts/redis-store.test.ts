import { afterAll, beforeAll, describe } from 'vitest'
import { openEmptyRedis as open, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../support/servers.ts'
import { describeStore } from './store-contract.ts'
import { describeStoreModel } from './store-model.ts'

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
})
