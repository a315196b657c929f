import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idempotency } from '../../../middleware/idempotency.ts'
import type { Context } from '../../../src/context.ts'
import { HttpReply } from '../../../src/http/http-reply.ts'
import { problemOf } from '../../../src/http/problem.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import {
  asBelfryError,
  Conflict,
  Filtered,
  IdempotencyMismatch,
  InvalidPayload,
  NotFound,
  Unavailable,
} from '../../../src/support/errors.ts'
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

let runs = 0
const answer = async () => {
  runs += 1
  return new HttpReply(202, { n: runs }, { 'x-own': 'yes' })
}

function post(overrides: Partial<Context> = {}, handler: () => Promise<unknown> = answer) {
  const target = 'POST /api/notifications'
  const context = makeContext({
    ...{ door: 'http', target, route: target, principal: makePrincipal() },
    payload: { to: 'all' },
    ...overrides,
    meta: { 'idempotency-key': 'k1', ...overrides.meta },
  })
  return idempotency({ store })(context, handler)
}

describe('idempotency()', () => {
  it('answers a repetition as the first time, says so, and does nothing', async () => {
    const first = (await post()) as HttpReply
    const second = (await post()) as HttpReply
    expect(second).toEqual(first.with({ 'idempotency-replay': 'true' }))
    expect(first.headers).toEqual({ 'x-own': 'yes' })
    clock.advance(86_399_000)
    expect(await post()).toEqual(second)
    clock.advance(1001)
    expect(((await post()) as HttpReply).body).not.toEqual(first.body)
  })

  it('refuses another body under the same key, and a key that is none', async () => {
    await post()
    await expect(post({ payload: { to: 'user:1' } })).rejects.toThrow(IdempotencyMismatch)
    await expect(post({ query: { x: '1' } })).rejects.toThrow(IdempotencyMismatch)
    for (const key of ['', 'a b', 'x'.repeat(256), 'ä']) {
      await expect(post({ meta: { 'idempotency-key': key } })).rejects.toThrow(InvalidPayload)
    }
  })

  it('keeps apart callers, tenants and paths', async () => {
    const before = runs
    await post()
    await post({ principal: makePrincipal({ id: 'bob' }) })
    await post({ principal: makePrincipal({ tenant: 'acme' }) })
    await post({ target: 'POST /api/events' })
    expect(runs - before).toBe(4)
  })

  it('lets one of many at once work; the others hear when to come back', async () => {
    const gate = Promise.withResolvers<void>()
    const before = runs
    const slow = () => gate.promise.then(answer)
    const attempts = Array.from({ length: 5 }, () => post({}, slow))
    const settled = Promise.allSettled(attempts)
    const loser = await Promise.race(attempts).catch((error: unknown) => error)
    expect(loser).toBeInstanceOf(Conflict)
    expect(problemOf(asBelfryError(loser))).toMatchObject({
      status: 409,
      headers: { 'retry-after': '1' },
    })
    gate.resolve()
    const results = await settled
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(runs - before).toBe(1)
  })

  it('tells a final refusal again, and forgets what may end otherwise', async () => {
    const missing = new NotFound('There is no such thing.')
    await expect(post({}, () => Promise.reject(missing))).rejects.toBe(missing)
    const replayed = await post().catch((error: unknown) => asBelfryError(error))
    expect(problemOf(replayed as NotFound)).toMatchObject({
      status: 404,
      body: { code: 'not_found', detail: 'There is no such thing.' },
      headers: { 'idempotency-replay': 'true' },
    })
    const meta = { 'idempotency-key': 'k2' }
    await post({ meta }, () => Promise.reject(new Filtered('rule-1', 'no'))).catch(() => undefined)
    await expect(post({ meta })).rejects.toMatchObject({ code: 'filtered', status: 422 })
    for (const [n, error] of [
      new Unavailable('away'),
      new InvalidPayload('wrong'),
      new Error('a bug'),
    ].entries()) {
      const again = { meta: { 'idempotency-key': `again-${n}` } }
      await expect(post(again, () => Promise.reject(error))).rejects.toBe(error)
      expect(await post(again)).toBeInstanceOf(HttpReply)
    }
  })

  it('after a crash the lock ends within a minute', async () => {
    void post({}, () => new Promise(() => {}))
    await expect(post()).rejects.toThrow(Conflict)
    clock.advance(60_001)
    expect(await post()).toBeInstanceOf(HttpReply)
  })

  it('a call that outlived its lock does not overwrite the answer of the next', async () => {
    const gate = Promise.withResolvers<void>()
    const slow = post({}, () => gate.promise.then(() => 'late'))
    await expect(post()).rejects.toThrow(Conflict)
    clock.advance(60_001)
    const second = (await post()) as HttpReply
    gate.resolve()
    expect(await slow).toBe('late')
    expect(((await post()) as HttpReply).body).toEqual(second.body)
  })

  it('hands the key to the services, unlike for every caller', async () => {
    const seen: (string | undefined)[] = []
    for (const id of ['ada', 'ada', 'eve']) {
      const target = `POST /${seen.length}`
      const meta = { 'idempotency-key': 'k9' }
      const context = makeContext({ door: 'http', target, meta, principal: makePrincipal({ id }) })
      await idempotency({ store })(context, async () => seen.push(context.meta.idempotency_key))
    }
    expect(seen[0]).toBe(seen[1])
    expect(seen[0]).not.toBe(seen[2])
  })

  it('leaves alone reads, requests without a key, and other doors', async () => {
    const before = runs
    await post({ target: 'GET /api/notifications' })
    await post({ target: 'GET /api/notifications' })
    await post({ door: 'mqtt' })
    await idempotency({ store })(makeContext({ door: 'http', target: 'POST /x' }), answer)
    expect(runs - before).toBe(4)
  })
})
