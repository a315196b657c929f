import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Keys } from '../../src/store/keys.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import type { Op } from '../../src/store/store.ts'
import { createLogger } from '../../src/support/logger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { clusterConfig, emptyRedis, singleConfig } from '../support/redis-configs.ts'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestServer,
} from '../support/servers.ts'

const log = createLogger('silent')
const keys = new Keys()
const DAY_MS = 86_400_000

describe.skipIf(!requireServer('redis-server'))('what an ops script finds in Redis', () => {
  let server: TestServer
  let redis: Redis
  let clock: FakeClock
  let store: RedisStore
  const write = (...ops: Op[]) => store.commit({ partition: 0, ops })

  beforeAll(async () => {
    server = await startRedis()
    redis = new Redis(server.port, '127.0.0.1')
  })
  beforeEach(async () => {
    await emptyRedis([server.port])
    clock = new FakeClock()
    store = await RedisStore.connect(singleConfig(server.port), { log, clock })
  })
  afterEach(() => store.close())
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })

  it('records, lists, sets and sorted sets under the names of the contract', async () => {
    await write(
      ['inbox', '', '42', 'n1', '{"id":"n1"}', clock.now() + DAY_MS, 100],
      ['set', 'websocket:42:s1', '{}', 3_600_000],
      ['sadd', 'websocket:user:42:sessions', 's1'],
      ['fanout', '', '42', '"type":"notification"', 1000],
      ['enqueue', 'email_queue', 'e1', '{"priority":"high"}', 'high', 0, DAY_MS],
      ['enqueue', 'email_queue', 'e2', '{"priority":"low"}', 'low', clock.now() + 1_500, DAY_MS],
    )
    expect(await redis.get('notification:n1')).toBe('{"id":"n1"}')
    expect(await redis.pttl('notification:n1')).toBeGreaterThan(DAY_MS - 10_000)
    expect(await redis.lrange('user:42:notifications', 0, -1)).toEqual(['n1'])
    expect(await redis.get('user:42:unread_notifications')).toBe('1')
    expect(await redis.lrange('email_queue:high', 0, -1)).toEqual(['e1'])
    expect(await redis.get('email_job:e1')).toBe('{"priority":"high"}')
    expect(Number(await redis.zscore('email_queue:scheduled', 'e2'))).toBe(
      (clock.now() + 1_500) / 1000,
    )
    expect(await redis.lrange('websocket:queue:42:s1', 0, -1)).toEqual([
      '{"seq":1,"user_id":"42","session_id":"s1","type":"notification"}',
    ])
    await store.take(0, 'email_queue', 1, 30_000)
    expect(Number(await redis.zscore('email_queue:leases', 'e1'))).toBe(
      (clock.now() + 30_000) / 1000,
    )
  })

  it('takes a job that a script put in, now or for later (epoch seconds)', async () => {
    await redis.set('email_job:x', '{"id":"x","priority":"critical"}')
    await redis.lpush('email_queue:critical', 'x')
    await redis.set('email_job:y', '{"id":"y","priority":"low"}')
    await redis.zadd('email_queue:scheduled', clock.now() / 1000 + 60, 'y')
    const ids = async () =>
      (await store.take(0, 'email_queue', 10, 1_000)).map(({ jobId }) => jobId)
    expect(await ids()).toEqual(['x'])
    expect((await store.depth(0, 'email_queue')).nextDueAt).toBe(clock.now() + 60_000)
    clock.advance(60_000)
    expect(await ids()).toEqual(['y'])
  })

  it('the stored unread counts follow what expires, also when nobody writes', async () => {
    const users = Array.from({ length: 450 }, (_, n) => `u${n}`)
    const counts = () => redis.mget(...users.map((user) => keys.unreadCount(user)))
    for (const user of users) {
      await write(
        ['inbox', '', user, `${user}-a`, '{}', clock.now() + 60_000, 100],
        ['inbox', '', user, `${user}-b`, '{}', clock.now() + DAY_MS, 100],
        ['inbox', '', user, `${user}-c`, '{}', 0, 100],
      )
    }
    expect(new Set(await counts())).toEqual(new Set(['3']))
    clock.advance(60_001)
    expect(await store.unreadCount(0, '', 'u7')).toBe(2)
    await store.sweep()
    expect(new Set(await counts())).toEqual(new Set(['2']))
    clock.advance(DAY_MS)
    await store.sweep()
    expect(new Set(await counts())).toEqual(new Set(['1']))
    await write(...users.map((user): Op => ['read', '', user, `${user}-c`]))
    expect(new Set(await counts())).toEqual(new Set([null]))
    expect(await redis.exists('expiring:unread', 'user:u7:unread')).toBe(0)
  })

  it('a write that meets more expired users than one batch corrects still counts right', async () => {
    for (let n = 0; n < 150; n++) {
      await write(['inbox', '', `u${n}`, `${n}`, '{}', clock.now() + 1_000, 100])
    }
    await write(['inbox', '', 'zoe', 'z1', '{}', clock.now() + 1_001, 100])
    clock.advance(2_000)
    const outcome = await write(['unread', '', 'zoe', 'z2', 0])
    expect(outcome).toMatchObject({ results: [1] })
    expect(await redis.get(keys.unreadCount('zoe'))).toBe('1')
  })

  it('a window holds a bounded text, never lets more through, and ends by itself', async () => {
    const limit = 1_000
    const windowMs = 10_000
    const granted: { at: number; count: number }[] = []
    for (let n = 0; n < 1_500; n++) {
      clock.advance(17)
      const { granted: count } = await store.hit('rate:x', limit, windowMs, 3)
      granted.push({ at: clock.now(), count })
    }
    for (const { at } of granted) {
      const inWindow = granted.filter((grant) => grant.at > at - windowMs && grant.at <= at)
      expect(inWindow.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(limit)
    }
    // 25 s with room for 1 000 in 10 s: at least two full windows got through.
    expect(granted.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(2 * limit)
    expect((await redis.get('rate:x'))!.length).toBeLessThan(130 * 20)
    expect(await redis.pttl('rate:x')).toBeGreaterThan(0)
    expect(await redis.pttl('rate:x')).toBeLessThanOrEqual(windowMs)
  })

  it('without a clock of its own, leases, windows and slots go by the server', async () => {
    const real = await RedisStore.connect(singleConfig(server.port), { log })
    const serverNow = async () => {
      const [seconds, micros] = await redis.time()
      return Number(seconds) * 1000 + Number(micros) / 1000
    }
    await real.commit({
      partition: 0,
      ops: [['enqueue', 'sms_queue', 'j', '{"priority":"high"}', 'high', 0, DAY_MS]],
    })
    const before = await serverNow()
    const [lease] = await real.take(0, 'sms_queue', 1, 5_000)
    const after = await serverNow()
    expect(lease!.expiresAt).toBeGreaterThanOrEqual(Math.floor(before) + 5_000)
    expect(lease!.expiresAt).toBeLessThanOrEqual(Math.ceil(after) + 5_000)
    expect(await real.reap(0, 'sms_queue', 3)).toEqual({ requeued: [], failed: [] })
    expect(await real.hit('rate:y', 1, 60_000, 1)).toMatchObject({ granted: 1 })
    expect(await real.hit('rate:y', 1, 60_000, 1)).toMatchObject({ granted: 0 })
    expect(await real.claimSlot('router', 'me', 60_000)).toMatchObject({ takenOver: false })
    await real.close()
  })
})

describe.skipIf(!requireServer('redis-server'))('keys on a cluster', () => {
  it('begin with the tag of their partition, then the prefix, and lie where it says', async () => {
    const cluster = await startRedisCluster(3)
    const store = await RedisStore.connect(clusterConfig(cluster.ports, { prefix: 'app:' }), {
      log,
    })
    await store.commit({
      partition: 7,
      ops: [['inbox', '', '42', 'n1', '{}', Date.now() + DAY_MS, 100]],
    })
    const found = await Promise.all(
      cluster.ports.map(async (port) => {
        const node = new Redis(port, '127.0.0.1')
        const names = await node.keys('*')
        node.disconnect()
        return names.sort()
      }),
    )
    expect(found.filter((names) => names.length > 0)).toEqual([
      [
        '{p07}:app:expiring:unread',
        '{p07}:app:notification:n1',
        '{p07}:app:user:42:notifications',
        '{p07}:app:user:42:unread',
        '{p07}:app:user:42:unread_notifications',
        '{p07}:app:users',
      ],
    ])
    await store.close()
    await cluster.stop()
  })
})
