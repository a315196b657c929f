import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RateLimitOptions, rateLimit } from '../../../middleware/rate-limit.ts'
import { type Context, everybody } from '../../../src/context.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { RateLimitExceeded, Unavailable } from '../../../src/support/errors.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeContext, makePrincipal } from '../../support/make-context.ts'

let clock: FakeClock
let store: SqliteStore

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log: createLogger('silent') })
})
afterEach(() => store.close())

type Options = Partial<Omit<RateLimitOptions, 'store' | 'clock'>>

function limiter(options: Options = {}) {
  const limit = { requests: 3, perSeconds: 60 }
  const middleware = rateLimit({ store, clock, limit, ...options })
  return {
    try: (overrides: Partial<Context> = {}) =>
      middleware(makeContext({ principal: makePrincipal(), ...overrides }), async () => 'through'),
    /** How many of `calls` get through. */
    async granted(calls: number, overrides: Partial<Context> = {}) {
      const attempts = Array.from({ length: calls }, () => this.try(overrides))
      const results = await Promise.allSettled(attempts)
      return results.filter(({ status }) => status === 'fulfilled').length
    },
  }
}

const CRITICAL = { target: 'notifications/alerts/critical/disk' }

describe('rateLimit()', () => {
  it('lets the limit through within a window, then says when to come back', async () => {
    const limit = limiter()
    expect(await limit.granted(10)).toBe(3)
    clock.advance(20_000)
    const error = await limit.try().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RateLimitExceeded)
    expect((error as RateLimitExceeded).toBody()).toEqual({
      code: 'rate_limit_exceeded',
      message: 'Rate limit exceeded. Try again in 40 seconds.',
      retry_after: 40,
      rate_limit: {
        max_requests: 3,
        window_seconds: 60,
        remaining: 0,
        reset_time: clock.now() / 1000 + 40,
      },
    })
    clock.advance(40_000)
    expect(await limit.granted(10)).toBe(3)
  })

  it('never lets more than the limit through in any window', async () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(30_000)), {
      maxLength: 15,
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.uuid(), async (bursts, id) => {
        const limit = limiter()
        const moments: number[] = []
        for (const [calls, waitMs] of bursts) {
          const granted = await limit.granted(calls, { principal: makePrincipal({ id }) })
          for (let n = 0; n < granted; n++) moments.push(clock.now())
          clock.advance(waitMs)
        }
        for (const from of moments) {
          const inWindow = moments.filter((at) => at >= from && at < from + 60_000)
          expect(inWindow.length).toBeLessThanOrEqual(3)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('of a large limit it asks for portions, and lets exactly the limit through', async () => {
    const hit = vi.spyOn(store, 'hit')
    const limit = limiter({ limit: { requests: 20_000, perSeconds: 64 } })
    let granted = 0
    for (let n = 0; n < 21_000; n += 250) granted += await limit.granted(250)
    expect(granted).toBe(20_000)
    // The first ones and the last are counted one by one: with none left, all are asked for.
    expect(hit.mock.calls.length).toBeLessThan(6_000)
    clock.advance(65_001)
    expect(await limit.granted(20_001)).toBe(20_000)
  })

  it('processes share a large limit; no window holds more, and hardly anything is lost', async () => {
    const requests = 2_000
    const limits = [1, 2, 3].map(() => limiter({ limit: { requests, perSeconds: 64 } }))
    const granted: { at: number; count: number }[] = []
    for (let step = 0; step < 200; step++) {
      clock.advance(800)
      const counts = await Promise.all(limits.map((limit, n) => limit.granted(16 + 8 * n)))
      granted.push({ at: clock.now(), count: counts.reduce((sum, count) => sum + count, 0) })
    }
    const inWindow = granted.map(({ at }) => {
      const last = granted.filter((each) => each.at > at - 64_000 && each.at <= at)
      return last.reduce((sum, { count }) => sum + count, 0)
    })
    expect(Math.max(...inWindow)).toBeLessThanOrEqual(requests)
    expect(Math.max(...inWindow)).toBeGreaterThan(requests * 0.98)
  })

  it('counts by what was proved: principal and tenant, else peer, else the concrete topic', async () => {
    const limit = limiter()
    const as = (overrides: Partial<Context>) => limit.granted(5, overrides)
    expect(await as({ peer: 'p1' })).toBe(3)
    expect(await as({ peer: 'another client id' })).toBe(0)
    expect(await as({ principal: makePrincipal({ id: 'bob' }) })).toBe(3)
    expect(await as({ principal: makePrincipal({ tenant: 'acme' }) })).toBe(3)
    expect(await as({ principal: null, peer: 'p1' })).toBe(3)
    expect(await as({ principal: everybody('invented'), peer: 'p1' })).toBe(0)
    expect(await as({ principal: null, target: 'a/1' })).toBe(3)
    expect(await as({ principal: null, target: 'a/2' })).toBe(3)
    expect(await as({ principal: null, target: 'a/1' })).toBe(0)
  })

  it('survives client ids of any length and with anything in them', async () => {
    const limit = limiter()
    for (const peer of ['{x}', '*', 'a'.repeat(60_000), 'a\nb', 'ä:😀']) {
      expect(await limit.granted(4, { principal: null, peer })).toBe(3)
    }
    for await (const { key } of store.keys()) expect(key.length).toBeLessThan(200)
  })

  it('keeps a bucket of its own for critical alerts', async () => {
    const limit = limiter()
    expect(await limit.granted(100)).toBe(3)
    expect(await limit.granted(5, CRITICAL)).toBe(3)
    const http = { door: 'http', route: 'POST /api/alerts', target: 'POST /api/alerts' } as const
    const bob = makePrincipal({ id: 'bob' })
    expect(await limit.granted(9, { principal: bob })).toBe(3)
    const severity = { severity: 'critical' }
    expect(await limit.granted(1, { ...http, principal: bob, payload: severity })).toBe(1)
  })

  it('does not count who is on the list, and nobody when it is off', async () => {
    const limit = limiter({ whitelist: ['ada', '10.0.0.7'] })
    expect(await limit.granted(50)).toBe(50)
    expect(await limit.granted(50, { principal: null, peer: '10.0.0.7' })).toBe(50)
    expect(await limit.granted(50, { principal: everybody('ada'), peer: 'x' })).toBe(3)
    expect(await limiter({ limit: null }).granted(50)).toBe(50)
  })

  it('a token bucket gives its burst at once, then evenly', async () => {
    const limit = limiter({ limit: { requests: 60, perSeconds: 60 }, strategy: { burst: 5 } })
    expect(await limit.granted(500)).toBe(5)
    clock.advance(999)
    expect(await limit.granted(1)).toBe(0)
    clock.advance(1)
    expect(await limit.granted(2)).toBe(1)
    clock.advance(3000)
    expect(await limit.granted(9)).toBe(3)
    clock.advance(3_600_000)
    expect(await limit.granted(9)).toBe(5)
  })

  it('goes on with critical alerts, counted in memory, while the store is away', async () => {
    const limit = limiter()
    await store.close()
    await expect(limit.try()).rejects.toThrow(Unavailable)
    expect(await limit.granted(9, CRITICAL)).toBe(3)
    await expect(limit.try(CRITICAL)).rejects.toThrow(RateLimitExceeded)
    clock.advance(60_000)
    expect(await limit.granted(9, CRITICAL)).toBe(3)
  })
})
