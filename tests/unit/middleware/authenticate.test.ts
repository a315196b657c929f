import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticate, matchesTopic } from '../../../middleware/authenticate.ts'
import { requireScope } from '../../../middleware/require-scope.ts'
import { AccessService } from '../../../services/access/access-service.ts'
import { type Context, everybody, type Principal } from '../../../src/context.ts'
import { coversFilter, matchesFilter } from '../../../src/mqtt/embedded/topic-filter.ts'
import { Forbidden, InvalidPayload, Unauthenticated } from '../../../src/support/errors.ts'
import { makeContext, makePrincipal } from '../../support/make-context.ts'

const KEY = 'bk_0123456789'
const { looksLikeCredential } = AccessService

/** Knows one credential, as the access service would. */
function step(mode: 'off' | 'token' = 'token', principal: Principal = makePrincipal()) {
  const access = {
    mode,
    claimed: everybody,
    async authenticate(credential: string) {
      if (credential === KEY || credential === 'admin-key-in-any-form') return principal
      throw new Unauthenticated('unknown')
    },
  }
  return authenticate({ access, looksLikeCredential })
}

async function pass(context: Context, middleware = step()): Promise<Context> {
  expect(await middleware(context, async () => 'through')).toBe('through')
  return context
}

describe('authenticate(), where authentication is on', () => {
  it.each([
    ['a header', { door: 'http' as const, meta: { authorization: `Bearer ${KEY}` } }],
    ['a user property', { meta: { authorization: `bearer ${KEY}` } }],
    ['a bare user property', { meta: { authorization: KEY } }],
    ['the payload', { payload: { message: 'x', token: KEY } }],
    ['the payload, as a header', { payload: { message: 'x', authorization: `Bearer ${KEY}` } }],
    ['the payload, in any form', { payload: { message: 'x', token: 'admin-key-in-any-form' } }],
  ])('takes a credential from %s', async (_where, overrides) => {
    const context = await pass(makeContext(overrides))
    expect(context.principal?.id).toBe('ada')
    expect(JSON.stringify(context.payload)).not.toMatch(/bk_|admin-key/)
  })

  it('refuses who shows nothing, or something unknown', async () => {
    for (const overrides of [
      {},
      { payload: { token: 'bk_wrong' } },
      { meta: { authorization: 'Bearer x' } },
      { payload: null },
      { payload: [KEY] },
      { door: 'http' as const, payload: { token: KEY } },
      { meta: { 'x-belfry-user': 'eve' } },
    ]) {
      const attempt = step()(makeContext(overrides), async () => 'through')
      await expect(attempt).rejects.toThrow(Unauthenticated)
    }
  })

  it("keeps the connection's identity, and still takes a credential out of the payload", async () => {
    const principal = makePrincipal({ id: 'pump-7' })
    const context = await pass(makeContext({ principal, payload: { message: 'x', token: KEY } }))
    expect(context.principal).toBe(principal)
    expect(context.payload).toEqual({ message: 'x' })
  })

  it('leaves the token of a device in a push message', async () => {
    const meta = { authorization: KEY }
    const payload = { token: 'fcm:APA91bHun4MxP5egoKMwt2KZFBaFUH', title: 'x' }
    expect((await pass(makeContext({ meta, payload }))).payload).toEqual(payload)
  })

  it('lets a limited credential publish on its topics only', async () => {
    const principal = makePrincipal({ topics: ['notifications/alerts/+/pump', 'devices/{id}/#'] })
    const on = (target: string) => pass(makeContext({ target, principal }))
    await on('notifications/alerts/critical/pump')
    await on('devices/7/state')
    await expect(on('notifications/alerts/critical/other')).rejects.toThrow(Forbidden)
    await expect(on('notifications/realtime/broadcast')).rejects.toThrow(Forbidden)
    const none = makePrincipal({ topics: [] })
    await expect(pass(makeContext({ principal: none }))).rejects.toThrow(Forbidden)
  })

  it('tells a dry run what it would do, without passing on', async () => {
    const middleware = step()
    expect(middleware.name).toBe('authenticate')
    expect(await middleware.explain?.(makeContext())).toMatchObject({
      outcome: 'refuse',
      code: 'unauthenticated',
    })
    const meta = { authorization: KEY }
    expect(await middleware.explain?.(makeContext({ meta }))).toEqual({ outcome: 'pass' })
  })
})

describe('authenticate(), where authentication is off', () => {
  it.each([
    ['the header', { door: 'http' as const, meta: { 'x-belfry-user': 'bob' } }, 'bob'],
    ['the query', { door: 'http' as const, query: { user_id: 'bob' } }, 'bob'],
    ['the payload of MQTT', { payload: { user_id: 'bob' } }, 'bob'],
    ['nobody', {}, 'anonymous'],
    [
      'the payload of HTTP, which names others',
      { door: 'http' as const, payload: { user_id: 'x' } },
      'anonymous',
    ],
  ])('callers are who %s says, with every role', async (_where, overrides, id) => {
    const { principal } = await pass(makeContext(overrides), step('off'))
    expect(principal).toEqual(everybody(id))
  })

  it('a name that can be no id is refused, and credentials are not stored', async () => {
    const meta = { 'x-belfry-user': '../etc' }
    await expect(pass(makeContext({ meta }), step('off'))).rejects.toThrow(InvalidPayload)
    const context = await pass(
      makeContext({ payload: { token: KEY, user_id: 'a b' } }),
      step('off'),
    )
    expect(context.payload).toEqual({ user_id: 'a b' })
  })
})

describe('matchesTopic()', () => {
  const level = fc.constantFrom('a', 'b', '', '$x')
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
  const filter = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '', '+', '$x'), { maxLength: 4 }), fc.boolean())
    .map(([levels, rest]) => [...levels, ...(rest || levels.length === 0 ? ['#'] : [])].join('/'))

  it("agrees with the broker's own rule", () => {
    fc.assert(
      fc.property(filter, topic, (pattern, concrete) => {
        expect(matchesTopic(pattern, concrete)).toBe(matchesFilter(pattern, concrete))
      }),
      { numRuns: 1000 },
    )
  })

  it('lets nobody widen a pattern with wildcards of his own', () => {
    expect(matchesTopic('a/b', '+/b')).toBe(false)
    expect(matchesTopic('a/#/b', 'a/x/b')).toBe(false)
    expect(coversFilter('a/+', 'a/#')).toBe(false)
  })
})

describe('requireScope()', () => {
  const attempt = (scope: 'publish' | 'read' | 'operate' | 'admin', overrides: Partial<Context>) =>
    requireScope(scope)(makeContext(overrides), async () => 'through')

  it.each([
    [['read'], 'read', true],
    [['operate'], 'read', true],
    [['operate'], 'publish', false],
    [['publish'], 'read', false],
    [['read', 'publish', 'operate'], 'admin', false],
    [['admin'], 'publish', true],
    [['admin'], 'operate', true],
    [[], 'read', false],
  ] as const)('with %j, %s: %s', async (scopes, scope, allowed) => {
    const principal = makePrincipal({ scopes })
    if (allowed) expect(await attempt(scope, { principal })).toBe('through')
    else await expect(attempt(scope, { principal })).rejects.toThrow(Forbidden)
  })

  it('asks strangers who they are', async () => {
    await expect(attempt('read', {})).rejects.toThrow(Unauthenticated)
  })

  it('keeps who may publish on some topics from publishing anything over HTTP', async () => {
    const principal = makePrincipal({ topics: ['notifications/alerts/+/pump'] })
    expect(await attempt('publish', { principal })).toBe('through')
    await expect(attempt('publish', { principal, door: 'http' })).rejects.toThrow(Forbidden)
    expect(await attempt('read', { principal, door: 'http' })).toBe('through')
  })
})
