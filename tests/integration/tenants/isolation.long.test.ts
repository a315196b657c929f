import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../src/bootstrap/open-store.ts'
import { loadConfig } from '../../../src/config.ts'
import { systemClock as clock } from '../../../src/support/clock.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { Device } from '../../support/mqtt-device.ts'
import { NativeClient } from '../../support/native-client.ts'
import { requireServer } from '../../support/servers.ts'
import { type Parts, startService, type TestService } from '../../support/service.ts'
import { TEST_JWT_SECRET } from '../../support/tokens.ts'
import { waitFor } from '../../support/wait-for.ts'
import { House, markOf, TENANTS, type TenantName } from './house.ts'
import { OPERATIONS, perform, THINGS, VIEWS } from './operations.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const others = (tenant: TenantName) => TENANTS.filter((each) => each !== tenant)

/** Views of numbers and rights, and of what not every round leaves there. */
const BARE = ['queues', 'stats', 'connections', 'me', 'escalation-policies', 'alerts'].map(
  (name) => `/api/${name}`,
)

/** Keys of the installation, which are no tenant's: processes, credentials, whom it serves. */
const SHARED = /^(tenants$|api_keys?$|api_key:|ticket:|gateway:|setting:|mqtt:|slots|expiring:)/

const EVERYWHERE: readonly { readonly parts: Parts }[] = [
  { parts: 'embedded' },
  { parts: 'external' },
  { parts: 'cluster' },
]

describe.each(EVERYWHERE)('[S0-086] tenants of one service ($parts)', ({ parts }) => {
  if (parts !== 'embedded' && !hasServers) return
  let service: TestService
  let houses: House[]
  let watcher: Device | null = null
  let round = 0

  beforeAll(async () => {
    service = await startService({ parts, env: { BELFRY_JWT_SECRET: TEST_JWT_SECRET } })
    houses = []
    for (const tenant of TENANTS) houses.push(await House.open(service, tenant))
    if (service.surroundings.mosquitto) {
      watcher = await Device.connect(service.mqttUrl, '311')
      await watcher.listen('#')
    } else {
      // Of the broker as a whole the operator's administrators see everything, also tenants' topics.
      for (const filter of ['users/#', 'notifications/#', 'belfry/#']) {
        for (const house of houses) await house.device.listen(filter)
      }
    }
  })
  afterAll(async () => {
    await Promise.allSettled([watcher?.close(), ...houses.map((house) => house.close())])
    await service?.stop()
  })

  const steps = fc.array(
    fc.tuple(fc.nat({ max: TENANTS.length - 1 }), fc.constantFrom(...Object.keys(OPERATIONS))),
    { minLength: 20, maxLength: 40 },
  )

  it('whatever each of them does, none sees anything of another', async () => {
    const every = Object.keys(OPERATIONS).flatMap((name) =>
      TENANTS.map((_, index) => [index, name] as [number, string]),
    )
    await fc.assert(
      fc.asyncProperty(steps, async (random) => {
        for (const [n, [index, name]] of random.entries()) {
          await perform(houses[index]!, name, round * 1000 + n)
        }
        round += 1
        for (const house of houses) await house.settled(round)
        for (const house of houses) expect(await leaksInto(house)).toEqual([])
      }),
      { numRuns: 3, endOnFailure: true, examples: [[every]] },
    )
  })

  it('each sees what is its own at every door', async () => {
    for (const house of houses) {
      const seen = await Promise.all(VIEWS.map((path) => house.api('GET', path)))
      expect(seen.map(({ status }) => status)).toEqual(VIEWS.map(() => 200))
      const mark = markOf(house.tenant)
      const lacking = VIEWS.filter((_, at) => !JSON.stringify(seen[at]!.body).includes(mark))
      expect(lacking.filter((path) => !BARE.includes(path))).toEqual([])
      expect(house.heard()).toContain(mark)
    }
  })

  it('what one has is not found by the others', async () => {
    const tries: { readonly what: string; readonly status: number }[] = []
    for (const house of houses)
      for (const thing of THINGS) tries.push(...(await reach(house, thing)))
    expect(tries.filter(({ status }) => status !== 404)).toEqual([])
    expect(tries.length).toBeGreaterThan(50)
  })

  it('what belongs to the operator is closed to tenants', async () => {
    const [, acme] = houses as [House, House, House]
    for (const path of ['/api/heartbeats', '/api/broadcasting/status']) {
      expect((await acme.api('GET', path)).status).toBe(403)
    }
    expect((await acme.api('POST', '/-/reload', {})).status).toBe(403)
  })

  it('a tenant’s Pusher application is his own: his clients, his signatures, his channels', async () => {
    const [standard, acme, umbra] = houses as [House, House, House]
    for (const [house, other] of [
      [standard, acme],
      [acme, umbra],
      [umbra, standard],
    ] as const) {
      // A signature of one opens nothing of another.
      const { secret } = other.app
      const forged = house.server({ ...house.app, secret })
      await expect(forged.trigger('alerts', 'x', {})).rejects.toMatchObject({ status: 401 })
      const misplaced = house.server({ ...other.app, app_id: house.app.app_id })
      await expect(misplaced.trigger('alerts', 'x', {})).rejects.toMatchObject({ status: 401 })
      // A token of another tenant is not let in by this key, nor is a socket signed in by another.
      const stranger = await other.client(house.app.key)
      await stranger.state('connected')
      expect((await stranger.subscribe('private-user.u1')).event).toBe('pusher:subscription_error')
      stranger.close()
      const { channels } = (await (
        await house.server().get({ path: '/channels', params: {} })
      ).json()) as { channels: Record<string, object> }
      expect(Object.keys(channels)).toContain('private-user.u1')
    }
    const theirs = await umbra.client()
    await theirs.subscribe('private-user.u1')
    await umbra.api('POST', '/api/notifications', { to: 'user:u1', message: 'to umbra alone' })
    // What was sent before may still be on its way.
    const isIt = ({ data }: { data: unknown }) => JSON.stringify(data).includes('to umbra alone')
    const told = await theirs.next('notification.created', isIt)
    expect(told).toMatchObject({ channel: 'private-user.u1', data: { message: 'to umbra alone' } })
    theirs.close()
    expect([standard, acme].filter((house) => house.heard().includes('umbra alone'))).toEqual([])
    const users = await acme.server().get({ path: '/channels/presence-chat.room.1/users' })
    expect(await users.json()).toEqual({ users: [{ id: 'u1' }] })
    const nobody = await acme.client('t-acme-00000000000000000000')
    await waitFor(() => nobody.errors.some(({ code }) => code === 4001))
    nobody.close()
  })

  it('no application takes the token of another tenant', async () => {
    const enter = async ({ app }: House, { token }: House) => {
      const url = `${service.url.replace('http', 'ws')}/app/${app.key}?protocol=7&token=${token}`
      const socket = new WebSocket(url)
      const first = await new Promise<string>((resolve) => {
        socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true })
      })
      socket.close()
      return JSON.parse(first)
    }
    for (const house of houses) {
      for (const other of houses) {
        const expected =
          house === other
            ? { event: 'pusher:connection_established' }
            : { event: 'pusher:error', data: { code: 4009 } }
        expect(await enter(house, other)).toMatchObject(expected)
      }
    }
  })

  it('a tenant changes his key and secret: those before hold as long as he says', async () => {
    const [, acme, umbra] = houses as [House, House, House]
    const before = acme.app
    const { body: after } = await acme.api('POST', '/api/app', { keep_for: '1h' })
    expect(after).toMatchObject({ app_id: 't-acme', previous: { key: before.key } })
    expect((await acme.api('GET', '/api/app')).body).toEqual(after)
    for (const app of [before, after]) {
      await acme.server(app).trigger('alerts', 'said', { by: app.key })
      const client = await acme.client(app.key)
      await client.state('connected')
      const joined = await client.subscribe('private-user.u1')
      expect(joined.event).toBe('pusher_internal:subscription_succeeded')
      client.close()
    }
    await waitFor(() => acme.heard().includes(after.key))
    const { body: last } = await acme.api('POST', '/api/app', { keep_for: 0 })
    expect(last.previous).toBeUndefined()
    for (const app of [before, after]) {
      await expect(acme.server(app).trigger('alerts', 'x', {})).rejects.toMatchObject({
        status: 401,
      })
    }
    await acme.server(last).trigger('alerts', 'said', { by: last.key })
    expect((await umbra.api('GET', '/api/app')).body).toMatchObject({ key: umbra.app.key })
    const [standard] = houses as [House]
    expect((await standard.api('POST', '/api/app', {})).status).toBe(409)
  })

  it('an API key and a ticket are of the tenant whose credential asked for them', async () => {
    const [standard, acme, umbra] = houses as [House, House, House]
    const { body: made } = await acme.api('POST', '/api/keys', { name: 'k', scopes: ['read'] })
    expect(await whoIs(made.secret)).toMatchObject({ tenant: 'acme' })
    const wider = { name: 'k', tenant: 'umbra' }
    expect((await acme.api('POST', '/api/keys', wider)).status).toBe(403)
    expect((await acme.api('POST', '/api/tokens', { sub: 'x', tenant: '' })).status).toBe(403)
    const { token } = (await acme.api('POST', '/api/tokens', { sub: 'x' })).body
    expect(await whoIs(token)).toMatchObject({ id: 'x', tenant: 'acme' })
    const { secret } = (await standard.api('POST', '/api/keys', wider)).body
    expect(await whoIs(secret)).toMatchObject({ tenant: 'umbra' })
    const { body: issued } = await umbra.api('POST', '/api/realtime/tickets', {})
    const ws = `${service.url.replace('http', 'ws')}/ws?ticket=${issued.ticket}`
    const { client } = await NativeClient.connect(ws)
    await umbra.api('POST', '/api/notifications', { to: 'user:u1', message: 'by ticket' })
    await client.next('notification', (frame) => JSON.stringify(frame).includes('by ticket'))
    await client.close()
  })

  it('what people of a tenant want who say nothing else is the tenant’s alone', async () => {
    const [standard, acme, umbra] = houses as [House, House, House]
    const path = '/api/preferences/defaults'
    const said = { sms: true, types: { offer: { email: false } }, marketing_emails_enabled: false }
    const saved = await acme.api('PUT', path, said)
    expect(saved).toMatchObject({
      status: 200,
      body: { sms: true, email: true, categories: { marketing: { email: false } } },
    })
    const of = async (house: House, user: string) =>
      (await house.api('GET', `/api/users/${user}/preferences`)).body
    expect(await of(acme, 'new')).toMatchObject({ sms: true, types: { offer: { email: false } } })
    for (const house of [standard, umbra]) {
      expect(await of(house, 'new')).toMatchObject({ sms: false, types: {} })
      expect((await house.api('GET', path)).body).toMatchObject({ sms: false, types: {} })
    }
    const offer = { to: 'user:new', message: 'x', type: 'offer', channels: ['email', 'realtime'] }
    const channels = async (house: House) =>
      (await house.api('POST', '/api/notifications/dry-run', offer)).body.data[0].channels
    expect(await channels(acme)).toContainEqual(
      expect.objectContaining({ channel: 'email', reason: 'preference' }),
    )
    expect(await channels(umbra)).toContainEqual(
      expect.objectContaining({ channel: 'email', reason: 'no_address' }),
    )
    await acme.api('PUT', '/api/users/new/preferences', { types: { offer: { email: true } } })
    expect(await channels(acme)).toContainEqual(
      expect.objectContaining({ channel: 'email', reason: 'no_address' }),
    )
    const weak = await acme.api('POST', '/api/tokens', { sub: 'new' })
    const headers = { authorization: `Bearer ${weak.body.token}` }
    expect((await service.api('PUT', path, {}, headers)).status).toBe(403)
    expect((await acme.api('PUT', path, {})).body).toMatchObject({ sms: false, types: {} })
  })

  it('links in the mails of a tenant act for him alone', async () => {
    const [standard, acme] = houses as [House, House, House]
    for (const house of [standard, acme]) {
      const mail = { message: 'leave?', channels: ['email'], type: 'news', category: 'news' }
      await house.api('PUT', '/api/users/u1', { email: 'u1@example.org' })
      await house.api('POST', '/api/notifications', { to: 'user:u1', ...mail })
    }
    const links = await Promise.all([standard, acme].map((house) => leaveLinkOf(house)))
    expect(new URL(links[0]!).pathname).toMatch(/^\/u\//)
    expect(new URL(links[1]!).pathname).toMatch(/^\/t\/acme\/u\//)
    const path = new URL(links[1]!).pathname
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const at = (address: string) => service.api('POST', address, 'List-Unsubscribe=One-Click', form)
    const before = (await standard.api('GET', '/api/users/u1/preferences')).body
    expect((await at(path.replace('/t/acme', ''))).status).toBeGreaterThanOrEqual(400)
    expect((await at(path.replace('acme', 'umbra'))).status).toBeGreaterThanOrEqual(400)
    expect((await at(path.replace('acme', 'never-heard-of'))).status).toBe(404)
    expect((await standard.api('GET', '/api/users/u1/preferences')).body).toEqual(before)
    const his = (await acme.api('GET', '/api/users/u1/preferences')).body
    expect((await at(path)).status).toBe(200)
    expect((await acme.api('GET', '/api/users/u1/preferences')).body).not.toEqual(his)
    expect((await standard.api('GET', '/api/users/u1/preferences')).body).toEqual(before)
  })

  it.skipIf(parts !== 'embedded')('a device of a tenant has its own topics only', async () => {
    const [standard, acme, umbra] = houses as [House, House, House]
    const { client } = acme.device
    for (const filter of ['#', 'users/#', 'notifications/#', 't/umbra/#', 't/+/users/#']) {
      await expect(client.subscribeAsync(filter)).rejects.toThrow()
    }
    await umbra.device.listen('#')
    await standard.device.listen('#')
    const word = `${markOf('acme')} from outside`
    for (const topic of ['users/u1/inbox', 't/umbra/users/u1/inbox', 'lamps/1', 'belfry/x']) {
      await client.publishAsync(topic, word, { qos: 1 })
    }
    await client.publishAsync('t/acme/lamps/1', word, { qos: 1, retain: true })
    await acme.device.listen('lamps/#')
    expect((await acme.device.hears('lamps/1')).text).toBe(word)
    expect(umbra.heard()).not.toContain(word)
    await standard.device.hears('t/acme/lamps/1')
    const outside = standard.device.heardUnder('').filter(({ text }) => text === word)
    expect(outside.map(({ topic }) => topic)).toEqual(['t/acme/lamps/1'])
    await waitFor(async () => {
      const { data } = (await acme.api('GET', '/api/dead-letters?limit=100')).body
      return data.filter(({ payload }: { payload: string }) => payload === word).length === 4
    })
  })

  it.skipIf(parts !== 'embedded')(
    'a device of a tenant is answered on its own topics',
    async () => {
      const [, acme] = houses as [House, House, House]
      const own = 't/acme/notifications/replies/u1/x'
      const asked = { message: 'hello', reply_to: own, correlation_id: 7 }
      await acme.device.client.subscribeAsync(own)
      await acme.publish('notifications/realtime/user/u1', asked)
      const { text } = await acme.device.hears('notifications/replies/u1/x')
      expect(JSON.parse(text)).toMatchObject({ status: 'sent', correlation_id: 7 })
    },
  )

  it('what waits is gone on with after a restart, before any tenant has come', async () => {
    const [standard, acme] = houses as [House, House, House]
    const sendAt = Date.now() / 1000 + 7
    const later = { to: 'user:u1', message: 'after the restart', send_at: sendAt }
    const login = parts === 'embedded' ? { username: 'u1', password: standard.token } : {}
    // A session that waits for its client: it misses nothing, however long a restart takes.
    const lasting = { ...login, clientId: 'operator', clean: false }
    const before = await Device.connect(service.mqttUrl, '311', lasting)
    await before.listen('t/acme/users/u1/inbox')
    await before.close()
    await acme.api('POST', '/api/notifications', { ...later, channels: ['mqtt'] })
    await Promise.all(houses.map((house) => house.close()))
    await service.restart()
    const operator = await Device.connect(service.mqttUrl, '311', lasting)
    const { text } = await operator.hears('t/acme/users/u1/inbox')
    expect(JSON.parse(text).message).toBe('after the restart')
    await operator.close()
  })

  it('every key of a tenant begins with its scope', async () => {
    if (parts === 'embedded') await service.stop()
    const env = { ...service.surroundings.env, DATA_DIR: service.dataDir }
    const { store, bus } = await openStore(loadConfig(env), { clock, log: createLogger('error') })
    const strays: string[] = []
    const owned = { acme: 0, umbra: 0 }
    for await (const { key, value } of store.keys()) {
      const text = key + JSON.stringify(value)
      for (const tenant of ['acme', 'umbra'] as const) {
        const isIn = key.startsWith(`t:${tenant}:`)
        if (isIn) owned[tenant] += 1
        if (isIn || !text.includes(markOf(tenant)) || SHARED.test(key)) continue
        strays.push(key)
      }
    }
    await Promise.all([bus.close(), store.close()])
    expect(strays).toEqual([])
    expect(Math.min(owned.acme, owned.umbra)).toBeGreaterThan(30)
  })

  async function whoIs(credential: string) {
    const authorization = `Bearer ${credential}`
    return (await service.api('GET', '/api/me', undefined, { authorization })).body
  }

  /** What the others are told who name something of this one's. */
  async function reach(house: House, [list, method, path]: (typeof THINGS)[number]) {
    const [thing] = (await house.api('GET', list)).body.data
    if (thing === undefined) return []
    const tries = others(house.tenant).map(async (tenant) => {
      const what = path.replace('{}', thing.id)
      const body = method === 'GET' ? undefined : {}
      const { status } = await houses[TENANTS.indexOf(tenant)]!.api(method, what, body)
      return { what: `${tenant}: ${method} ${what}`, status }
    })
    return Promise.all(tries)
  }

  /** The address in a mail of the outbox by which its reader unsubscribes. */
  async function leaveLinkOf(house: House): Promise<string> {
    const message = await waitFor(async () => {
      const { data } = (await house.api('GET', '/api/outbox?channel=email')).body
      return data.find(({ text }: { text: string }) => text.includes('leave?'))
    })
    const link = /https?:[^\s"<>\\]*\/u\/[A-Za-z0-9_.-]+/.exec(JSON.stringify(message))?.[0]
    if (link === undefined) throw new Error(`no link in ${JSON.stringify(message)}`)
    return link
  }

  /** Where something of another tenant's is seen. */
  async function leaksInto(house: House): Promise<string[]> {
    const leaks: string[] = []
    const look = (place: string, text: string) => {
      for (const tenant of others(house.tenant)) {
        if (text.includes(markOf(tenant))) leaks.push(`${place} shows ${house.tenant} ${tenant}`)
      }
    }
    for (const path of VIEWS) {
      look(path, JSON.stringify((await house.api('GET', path)).body))
    }
    look('a door', house.heard())
    for (const { topic, text } of watcher?.heardUnder('') ?? []) {
      // What a tenant itself publishes has its token inside; the rest says Belfry.
      const start = house.tenant === '' ? /^(?!t\/)/ : new RegExp(`^t/${house.tenant}/`)
      if (start.test(topic) && !text.includes('"token"')) look(topic, text)
    }
    return leaks
  }
})
