import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idempotency } from '../../middleware/idempotency.ts'
import { rateLimit } from '../../middleware/rate-limit.ts'
import { AccessService } from '../../services/access/access-service.ts'
import { Tickets } from '../../services/access/tickets.ts'
import { loadConfig } from '../../src/config.ts'
import { HttpReply } from '../../src/http/http-reply.ts'
import { Keys } from '../../src/store/keys.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { Unauthenticated } from '../../src/support/errors.ts'
import { createLogger } from '../../src/support/logger.ts'
import { makeContext, makePrincipal } from '../support/make-context.ts'
import { requireServer, startRedis, startRedisCluster } from '../support/servers.ts'

interface Stop {
  stop(): Promise<void>
}

/** Two processes that share one Redis. */
async function openTwice(url: string): Promise<[RedisStore, RedisStore]> {
  const { redis } = loadConfig({ REDIS_URL: url })
  const open = () => RedisStore.connect(redis!, { log: createLogger('silent') })
  return [await open(), await open()]
}

describe.skipIf(!requireServer('redis-server')).each([
  ['a single Redis', () => startRedis()],
  ['a cluster', () => startRedisCluster(3)],
])('access, limits and idempotency on %s', (_name, start) => {
  let server: Stop & { readonly url: string }
  let stores: [RedisStore, RedisStore]
  beforeAll(async () => {
    server = await start()
    stores = await openTwice(server.url)
  })
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await server.stop()
  })
  const services = () =>
    stores.map(
      (store) =>
        new AccessService({
          ...{ store, clock, keys: new Keys() },
          settings: { mode: 'token', adminKey: null, jwt: null },
        }),
    ) as [AccessService, AccessService]

  it('one process makes the first key, both know it, and its end', async () => {
    const [one, other] = services()
    const made = (await Promise.all([one.bootstrap(), other.bootstrap()])).filter(Boolean)
    expect(made).toHaveLength(1)
    expect((await other.authenticate(made[0]!)).scopes).toContain('admin')
    const { username, password } = await one.createDevice('pump', ['a/#'])
    expect((await other.login(username, password)).topics).toEqual(['a/#'])
    const names = (await one.list(10)).data.map(({ name }) => name)
    expect(names).toEqual(['admin', 'pump'])
    for (const { id } of (await one.list(10)).data) await one.revoke(id)
    await expect(services()[1].authenticate(made[0]!)).rejects.toThrow(Unauthenticated)
  })

  it('a ticket of one process opens the other, once', async () => {
    const [one, other] = stores.map((store) => new Tickets({ store, clock, keys: new Keys() }))
    const { ticket } = await one!.issue(makePrincipal())
    const results = await Promise.allSettled([one!.redeem(ticket), other!.redeem(ticket)])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.each(['sliding_window', { burst: 5 }] as const)(
    'both processes count against one limit (%j)',
    async (strategy) => {
      const limit = { requests: 5, perSeconds: 3600 }
      const peer = JSON.stringify(strategy)
      const attempts = stores.flatMap((store) => {
        const step = rateLimit({ store, clock, limit, strategy })
        return Array.from({ length: 8 }, () => step(makeContext({ peer }), async () => 'through'))
      })
      const results = await Promise.allSettled(attempts)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    },
  )

  it('a request repeated at the other process is answered, not done again', async () => {
    let runs = 0
    const ask = (store: RedisStore) =>
      idempotency({ store })(
        makeContext({
          ...{ door: 'http', target: 'POST /api/x', principal: makePrincipal() },
          meta: { 'idempotency-key': 'k' },
        }),
        async () => {
          runs += 1
          return new HttpReply(202, { runs })
        },
      )
    const first = (await ask(stores[0])) as HttpReply
    expect(await ask(stores[1])).toEqual(first.with({ 'idempotency-replay': 'true' }))
    expect(runs).toBe(1)
  })
})
