import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisBus } from '../../src/store/redis/redis-bus.ts'
import type { RedisConfig } from '../../src/store/redis/redis-config.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { createLogger } from '../../src/support/logger.ts'
import { singleConfig } from '../support/redis-configs.ts'
import { startSentinel, type TestSentinel } from '../support/sentinel.ts'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { counting, insist } from './store/insist.ts'

const log = createLogger('silent')

describe.skipIf(!requireServer('redis-server'))('Redis behind Sentinel', () => {
  let servers: TestSentinel
  beforeAll(async () => {
    servers = await startSentinel()
  })
  afterAll(() => servers.stop())

  it('store and bus follow the master when it dies', async () => {
    const config: RedisConfig = singleConfig(servers.sentinel.port, {
      mode: 'sentinel',
      sentinelName: 'mymaster',
    })
    const store = await RedisStore.connect(config, { log, commandTimeoutMs: 1_000 })
    const bus = await RedisBus.connect(config, { log })
    const heard: string[] = []
    let gaps = 0
    await bus.subscribe('news', (message) => heard.push(message))
    bus.onGap(() => {
      gaps += 1
    })
    expect(await store.commit(counting('before'))).toMatchObject({ applied: true })

    // Replication is asynchronous: what the replica does not have yet is lost by a failover.
    const replica = new Redis(servers.replica.port, '127.0.0.1')
    await waitFor(() => replica.exists('mark:before'), { message: 'it was not replicated' })
    replica.disconnect()

    await servers.master.stop('SIGKILL')
    await insist(store, counting('after'))
    expect(await store.list(0, 'list', 0, -1)).toEqual(['after', 'before'])
    expect(await insist(store, counting('before'))).toMatchObject({ applied: false })

    await waitFor(() => gaps > 0, { message: 'no gap was reported' })
    await waitFor(
      async () => {
        await bus.publish('news', 'again').catch(() => undefined)
        return heard.length > 0
      },
      { message: 'nothing is heard any more' },
    )
    await Promise.all([store.close(), bus.close()])
  })
})
