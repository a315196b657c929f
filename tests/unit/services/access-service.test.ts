import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AccessService, type AccessSettings } from '../../../services/access/access-service.ts'
import { Tickets } from '../../../services/access/tickets.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { Conflict, NotFound, Unauthenticated, Unavailable } from '../../../src/support/errors.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const SECRET = 'a secret that has more than thirty-two bytes'
const JWT = { secret: SECRET, jwksUrl: null, issuer: null, audience: null }
const OFF: AccessSettings = { mode: 'token', adminKey: null, jwt: null }

let clock: FakeClock
let store: SqliteStore
const keys = new Keys()

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log: createLogger('silent') })
})
afterEach(() => store.close())

function access(settings: Partial<AccessSettings> = {}): AccessService {
  return new AccessService({ store, keys, clock, settings: { ...OFF, ...settings } })
}

const inSeconds = (seconds: number) => Math.floor(clock.now() / 1000) + seconds

function sign(claims: JWTPayload, { alg = 'HS256', secret = SECRET } = {}): Promise<string> {
  const token = new SignJWT({ sub: 'ada', exp: inSeconds(60), ...claims })
  return token.setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))
}

describe('API keys', () => {
  it('are known by their secret, carry rights, and are nowhere in the store', async () => {
    const service = access()
    const { key, secret } = await service.create({
      name: 'ci',
      tenant: 'acme',
      scopes: ['publish'],
      roles: ['bot'],
      topics: ['events/+'],
      user: 'robot',
    })
    expect(secret).toMatch(/^bk_[\w-]{43}$/)
    expect(key.ends_with).toBe(secret.slice(-4))
    expect(await service.authenticate(secret)).toEqual({
      id: 'robot',
      tenant: 'acme',
      roles: ['bot'],
      groups: [],
      scopes: ['publish'],
      topics: ['events/+'],
      channels: null,
      expiresAt: null,
      via: 'key',
    })
    for await (const stored of store.keys()) {
      expect(JSON.stringify(stored)).not.toContain(secret)
    }
  })

  it('are refused when nobody made them', async () => {
    await expect(access().authenticate(`bk_${'A'.repeat(43)}`)).rejects.toThrow(Unauthenticated)
    await expect(access().authenticate('')).rejects.toThrow(Unauthenticated)
    await expect(access().authenticate('x'.repeat(10_000))).rejects.toThrow(Unauthenticated)
  })

  it('end at once here and within five seconds elsewhere when they are revoked', async () => {
    const [here, elsewhere] = [access(), access()]
    const { key, secret } = await here.create({ name: 'a', scopes: ['read'] })
    await Promise.all([here.authenticate(secret), elsewhere.authenticate(secret)])
    await here.revoke(key.id)
    await expect(here.authenticate(secret)).rejects.toThrow(Unauthenticated)
    clock.advance(5001)
    await expect(elsewhere.authenticate(secret)).rejects.toThrow(Unauthenticated)
    await expect(here.revoke(key.id)).rejects.toThrow(NotFound)
  })

  it('are not taken for longer elsewhere because the clock was set back', async () => {
    const [here, elsewhere] = [access(), access()]
    const { key, secret } = await here.create({ name: 'a', scopes: ['read'] })
    await elsewhere.authenticate(secret)
    await here.revoke(key.id)
    clock.leap(-3_600_000)
    await expect(elsewhere.authenticate(secret)).rejects.toThrow(Unauthenticated)
  })

  it('end by themselves at their time, and leave the list then', async () => {
    const service = access()
    const { secret } = await service.create({
      name: 'short',
      scopes: ['read'],
      expiresAt: clock.now() + 1000,
    })
    expect((await service.authenticate(secret)).expiresAt).toBe(clock.now() + 1000)
    clock.advance(1001)
    await expect(service.authenticate(secret)).rejects.toThrow(Unauthenticated)
    expect((await service.list(10)).data).toEqual([])
    expect(await store.count(0, keys.apiKeys())).toBe(0)
  })

  it('are listed in pages, oldest first, each tenant its own', async () => {
    const service = access()
    for (let n = 0; n < 7; n++) {
      clock.advance(1)
      await service.create({ name: `k${n}`, tenant: n % 2 ? 'acme' : '', scopes: ['read'] })
    }
    const names = async (tenant: string | null, limit: number) => {
      const found: string[][] = []
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<typeof service.list>> = await service.list(
          limit,
          cursor,
          tenant,
        )
        found.push(page.data.map(({ name }) => name))
        cursor = page.next_cursor
      } while (cursor !== null)
      return found.filter((each) => each.length > 0)
    }
    expect(await names(null, 3)).toEqual([['k0', 'k1', 'k2'], ['k3', 'k4', 'k5'], ['k6']])
    expect((await names('acme', 2)).flat()).toEqual(['k1', 'k3', 'k5'])
    const [first] = (await service.list(1)).data
    await expect(service.revoke(first!.id, 'acme')).rejects.toThrow(NotFound)
  })

  it.each(['a b', '', 'x'.repeat(129)])('refuses the name %j', async (name) => {
    await expect(access().create({ name, scopes: [] })).rejects.toThrow(/name of a key/)
  })

  it('refuses a tenant that would reach into the keys of another', async () => {
    await expect(access().create({ name: 'a', tenant: 'a:user', scopes: [] })).rejects.toThrow()
  })
})

describe('logins of devices', () => {
  it('open with user name and short password, and publish where they may', async () => {
    const service = access()
    const { username, password } = await service.createDevice('pump-7', [
      'notifications/alerts/+/pump',
    ])
    expect([username, password.length]).toEqual(['pump-7', 16])
    expect(await service.login(username, password)).toMatchObject({
      id: 'pump-7',
      scopes: ['publish'],
      topics: ['notifications/alerts/+/pump'],
      via: 'key',
    })
    await expect(service.login('pump-8', password)).rejects.toThrow(Unauthenticated)
    await expect(service.login(username, `${password}x`)).rejects.toThrow(Unauthenticated)
    await expect(service.authenticate(password)).rejects.toThrow(Unauthenticated)
  })

  it('take a key, a token or the admin key as password, whatever the user name', async () => {
    const service = access({ jwt: JWT, adminKey: 'the-admin-key-of-ours' })
    const { secret } = await service.create({ name: 'k', scopes: ['publish'] })
    expect((await service.login('x', secret)).id).toBe('k')
    expect((await service.login('x', await sign({}))).id).toBe('ada')
    expect((await service.login('x', 'the-admin-key-of-ours')).scopes).toContain('admin')
  })
})

describe('the first key', () => {
  it('is made once, also when two processes start at the same time', async () => {
    const secrets = await Promise.all([access().bootstrap(), access().bootstrap()])
    const made = secrets.filter((secret) => secret !== null)
    expect(made).toHaveLength(1)
    expect((await access().authenticate(made[0]!)).scopes).toContain('admin')
    expect(await access().bootstrap()).toBeNull()
  })

  it('is made again when all keys are gone, and not at all where it is not needed', async () => {
    const service = access()
    await service.bootstrap()
    await service.revoke((await service.list(1)).data[0]!.id)
    expect(await service.bootstrap()).toMatch(/^bk_/)
    expect(await access({ mode: 'off' }).bootstrap()).toBeNull()
    expect(await access({ adminKey: 'x'.repeat(20) }).bootstrap()).toBeNull()
  })

  it('may be given: BELFRY_ADMIN_KEY opens everything', async () => {
    const service = access({ adminKey: 'the-admin-key-of-ours' })
    expect(await service.authenticate('the-admin-key-of-ours')).toMatchObject({
      scopes: ['publish', 'read', 'operate', 'admin'],
      via: 'key',
    })
    await expect(service.authenticate('the-admin-key-of-our')).rejects.toThrow(Unauthenticated)
  })
})

describe('tokens', () => {
  it('say who somebody is and what he may', async () => {
    const token = await sign({
      roles: ['nurse', 'not a role!'],
      groups: ['ward-3'],
      tenant: 'acme',
      scope: 'openid publish read',
      topics: ['notifications/alerts/#'],
      channels: ['ward.*'],
    })
    expect(await access({ jwt: JWT }).authenticate(token)).toEqual({
      id: 'ada',
      tenant: 'acme',
      roles: ['nurse'],
      groups: ['ward-3'],
      scopes: ['publish', 'read'],
      topics: ['notifications/alerts/#'],
      channels: ['ward.*'],
      expiresAt: inSeconds(60) * 1000,
      via: 'token',
    })
  })

  it.each([
    [undefined, ['read']],
    ['openid profile', ['read']],
    [
      ['admin', 'read'],
      ['read', 'admin'],
    ],
    ['operate', ['operate']],
  ])('with scope %j may %j', async (scope, expected) => {
    const service = access({ jwt: JWT })
    const { scopes } = await service.authenticate(await sign(scope === undefined ? {} : { scope }))
    expect(scopes).toEqual(expected)
  })

  it.each<[string, Record<string, unknown>]>([
    ['has no sub', { sub: undefined }],
    ['has a sub that is no id', { sub: 'a/b#' }],
    ['has no exp', { exp: undefined }],
    ['has expired', { exp: 1 }],
    ['is not valid yet', { nbf: 9_999_999_999 }],
    ['names a tenant with a colon', { tenant: 'a:b' }],
    ['limits topics in a way that cannot be read', { topics: { a: 1 } }],
    ['limits channels in a way that cannot be read', { channels: [1] }],
  ])('is refused when it %s', async (_why, claims) => {
    const token = await sign(claims as JWTPayload)
    await expect(access({ jwt: JWT }).authenticate(token)).rejects.toThrow(Unauthenticated)
  })

  it('is refused without signature, with another one, with parts missing', async () => {
    const service = access({ jwt: JWT })
    const none = new UnsecuredJWT({ sub: 'ada', exp: inSeconds(60) }).encode()
    const other = await sign({}, { secret: SECRET.toUpperCase() })
    const [header, , signature] = (await sign({})).split('.')
    const forged = `${header}.${Buffer.from('{"sub":"eve","exp":9999999999}').toString('base64url')}.${signature}`
    for (const token of [none, other, forged, 'eyJ.eyJ.', 'a.b.c', '..', `${header}..x`]) {
      await expect(service.authenticate(token), token).rejects.toThrow(Unauthenticated)
    }
  })

  it('must be of our issuer and for us where that is configured', async () => {
    const service = access({ jwt: { ...JWT, issuer: 'us', audience: 'belfry' } })
    await expect(service.authenticate(await sign({}))).rejects.toThrow(/iss|aud/)
    await expect(service.authenticate(await sign({ iss: 'us', aud: 'x' }))).rejects.toThrow(/aud/)
    const token = await sign({ iss: 'us', aud: ['belfry'] })
    expect((await service.authenticate(token)).id).toBe('ada')
    const own = await service.issueToken({ sub: 'dev', scope: ['read', 'publish'] })
    expect(await service.authenticate(own)).toMatchObject({
      id: 'dev',
      scopes: ['publish', 'read'],
    })
  })

  it('is remembered until it expires, not longer', async () => {
    const service = access({ jwt: JWT })
    const token = await sign({ exp: inSeconds(10) })
    const first = await service.authenticate(token)
    expect(await service.authenticate(token)).toBe(first)
    clock.advance(20_000)
    await expect(service.authenticate(token)).rejects.toThrow(/expired/)
  })

  it('cannot be signed without a secret, and a short secret is refused', async () => {
    await expect(access().issueToken({ sub: 'dev' })).rejects.toThrow(Conflict)
    expect(() => access({ jwt: { ...JWT, secret: 'short' } })).toThrow(/32 bytes/)
  })
})

describe('tokens signed by published keys', () => {
  let url = ''
  let answer: () => { status: number; body: string }
  let close: () => Promise<void>

  beforeEach(async () => {
    const server = createServer((_request, response) => {
      const { status, body } = answer()
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    close = () => new Promise((go) => server.close(() => go()))
  })
  afterEach(() => close())

  async function publish(alg: string) {
    const pair = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: alg, alg }
    answer = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) })
    const token = (header = { alg, kid: alg }) =>
      new SignJWT({ sub: 'ada', exp: inSeconds(60) })
        .setProtectedHeader(header)
        .sign(pair.privateKey)
    return { ...pair, token }
  }
  const service = () => access({ jwt: { ...JWT, secret: null, jwksUrl: url } })

  it.each(['RS256', 'ES256', 'EdDSA'])('%s is verified', async (alg) => {
    const { token } = await publish(alg)
    expect((await service().authenticate(await token())).id).toBe('ada')
  })

  it('a public key passed off as a shared secret opens nothing', async () => {
    const { publicKey } = await publish('RS256')
    const pem = await exportSPKI(publicKey)
    const confused = await sign({}, { secret: pem })
    await expect(service().authenticate(confused)).rejects.toThrow(Unauthenticated)
    const both = access({ jwt: { ...JWT, jwksUrl: url } })
    await expect(both.authenticate(confused)).rejects.toThrow(Unauthenticated)
    expect((await both.authenticate(await sign({}))).id).toBe('ada')
  })

  it('an unknown key is refused; keys that cannot be had are told apart', async () => {
    const { token } = await publish('ES256')
    const stranger = await token({ alg: 'ES256', kid: 'other' })
    await expect(service().authenticate(stranger)).rejects.toThrow(Unauthenticated)
    answer = () => ({ status: 500, body: 'oops' })
    await expect(service().authenticate(await token())).rejects.toThrow(Unavailable)
  })
})

describe('tickets', () => {
  it('let in once, within thirty seconds', async () => {
    const service = access()
    const { secret } = await service.create({ name: 'k', scopes: ['read'] })
    const principal = await service.authenticate(secret)
    const tickets = new Tickets({ store, keys, clock })
    const { ticket, expires_in } = await tickets.issue(principal)
    const results = await Promise.allSettled([tickets.redeem(ticket), tickets.redeem(ticket)])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(expires_in).toBe(30)
    const late = await tickets.issue(principal)
    clock.advance(30_001)
    await expect(tickets.redeem(late.ticket)).rejects.toThrow(Unauthenticated)
    await expect(tickets.redeem('invented')).rejects.toThrow(Unauthenticated)
  })
})
