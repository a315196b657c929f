import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DestinationLimits } from '../../../services/channels/destination-limits.ts'
import { PhoneBudget } from '../../../services/telephone/phone-budget.ts'
import { Keys } from '../../../src/store/keys.ts'
import { RedisStore } from '../../../src/store/redis/redis-store.ts'
import { systemClock as clock } from '../../../src/support/clock.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { singleConfig } from '../../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../../support/servers.ts'

describe.skipIf(!requireServer('redis-server'))('limits in Redis, over two processes', () => {
  const keys = new Keys()
  const phone = '+12025550123'
  let server: TestServer
  let stores: RedisStore[]

  beforeAll(async () => {
    server = await startRedis()
    const config = singleConfig(server.port)
    stores = await Promise.all([1, 2].map(() => RedisStore.connect(config, { log, clock })))
  })
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await server.stop()
  })

  it('one address has one place in a minute, whoever asks', async () => {
    const limits = stores.map((store) => new DestinationLimits({ store, keys }))
    const before = Date.now()
    const first = await limits[0]!.take('sms', 'other', phone)
    const others = await Promise.all(
      Array.from({ length: 10 }, (_, n) => limits[n % 2]!.take('sms', 'other', phone)),
    )
    expect(first).toBe(0)
    for (const freeAt of others) expect(freeAt).toBeGreaterThan(before + 50_000)
    expect(await limits[1]!.take('sms', 'alert', phone)).toBe(0)
    expect(await limits[1]!.take('sms', 'other', '+12025550124')).toBe(0)
  })

  it('a budget is one, whoever spends it', async () => {
    const limits = { perNumber: null, perPrefix: 100, perDay: null }
    const budgets = stores.map((store) => new PhoneBudget({ store, keys, limits }))
    const sms = { channel: 'sms', kind: 'other', segments: 1 } as const
    const reasons = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        budgets[n % 2]!.take(`+1303555${String(n).padStart(4, '0')}`, sms),
      ),
    )
    expect(reasons.filter((reason) => reason === null)).toHaveLength(100)
  })
})
