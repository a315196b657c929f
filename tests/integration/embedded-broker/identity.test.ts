import { join } from 'node:path'
import mqtt from 'mqtt'
import { describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/context.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitFor } from '../../support/wait-for.ts'
import { connect, principal, received, startBroker, temporaryDirectory } from './harness.ts'

const PEOPLE: ReadonlyMap<string, Principal> = new Map([
  ['key-ann', principal('ann')],
  ['key-bob', principal('bob')],
  ['key-plus', principal('+')],
  ['key-reader', principal('reader', { scopes: ['read'] })],
  ['key-pump', principal('pump', { topics: ['notifications/alerts/+/pump', 'pumps/{id}/state'] })],
  ['key-admin', principal('root', { scopes: ['publish', 'read', 'operate', 'admin'] })],
  ['key-short', principal('short', { expiresAt: Date.UTC(2026, 0, 5, 13) })],
])

const guarded = {
  authRequired: true,
  authenticate: async (_user: string | null, password: string | null) =>
    PEOPLE.get(password ?? '') ?? null,
}

function as(name: string, extra: mqtt.IClientOptions = {}): mqtt.IClientOptions {
  return { username: name, password: `key-${name}`, clientId: `${name}-1`, ...extra }
}

async function grants(client: mqtt.MqttClient, filter: string): Promise<boolean> {
  return client.subscribeAsync(filter, { qos: 1 }).then(
    () => true,
    () => false,
  )
}

test('nobody comes in without valid credentials; an error of the check is not a yes', async () => {
  const { url } = await startBroker(guarded)
  const once = { reconnectPeriod: 0 }
  await expect(mqtt.connectAsync(url, once)).rejects.toMatchObject({ code: 5 })
  await expect(
    mqtt.connectAsync(url, { ...once, username: 'ann', password: 'wrong' }),
  ).rejects.toMatchObject({ code: 4 })
  const broken = await startBroker({
    authRequired: true,
    authenticate: () => Promise.reject(new Error('the store is away')),
  })
  await expect(mqtt.connectAsync(broken.url, { ...once, ...as('ann') })).rejects.toMatchObject({
    code: 3,
  })
})

test('the publisher’s principal goes with the message', async () => {
  const { broker, url, taken } = await startBroker(guarded)
  const ann = await connect(url, as('ann'))
  await ann.publishAsync('events/a', '{}', { qos: 1 })
  expect(taken).toMatchObject([{ peer: 'ann-1', principal: { id: 'ann' } }])
  expect(broker.clients()).toMatchObject([{ clientId: 'ann-1', principal: { id: 'ann' } }])
})

describe('a client id', () => {
  test('in use by somebody else is refused; the same identity takes it over', async () => {
    const { broker, url } = await startBroker(guarded)
    const ann = await connect(url, as('ann', { clientId: 'panel' }))
    await expect(
      mqtt.connectAsync(url, as('bob', { clientId: 'panel', reconnectPeriod: 0 })),
    ).rejects.toMatchObject({ code: 2 })
    expect(ann.connected).toBe(true)
    const again = await connect(url, as('ann', { clientId: 'panel' }))
    await waitFor(() => !ann.connected)
    expect(again.connected).toBe(true)
    await again.endAsync()
    await waitFor(() => broker.clients().length === 0)
    await connect(url, as('bob', { clientId: 'panel' }))
  })

  test('with a session of somebody else is refused, also after a restart', async () => {
    const dataFile = join(await temporaryDirectory(), 'broker.db')
    const first = await startBroker({ ...guarded, dataFile })
    const ann = await connect(first.url, as('ann', { clientId: 'panel', clean: false }))
    await ann.subscribeAsync('users/ann/#', { qos: 1 })
    await ann.endAsync()
    await first.broker.stop()
    const { url } = await startBroker({ ...guarded, dataFile })
    for (const clean of [true, false]) {
      await expect(
        mqtt.connectAsync(url, as('bob', { clientId: 'panel', clean, reconnectPeriod: 0 })),
      ).rejects.toMatchObject({ code: 2 })
    }
    await connect(url, as('ann', { clientId: 'panel', clean: false }))
  })

  test('whose session was nobody’s begins anew for whoever identifies himself', async () => {
    const dataFile = join(await temporaryDirectory(), 'broker.db')
    const open = await startBroker({ dataFile })
    const anybody = await connect(open.url, { clientId: 'panel', clean: false })
    await anybody.subscribeAsync('#', { qos: 1 })
    await anybody.endAsync()
    await open.broker.publisher.publish('users/ann/inbox', 'secret')
    await open.broker.stop()
    const { broker, url } = await startBroker({ ...guarded, dataFile })
    const bob = await connect(url, as('bob', { clientId: 'panel', clean: false }))
    const messages = received(bob)
    await bob.subscribeAsync('users/bob/#', { qos: 1 })
    await broker.publisher.publish('users/ann/inbox', 'more')
    await broker.publisher.publish('users/bob/inbox', 'own')
    await waitFor(() => messages.length > 0)
    expect(messages).toEqual(['users/bob/inbox own'])
  })
})

describe('publishing', () => {
  test('outside the rights is refused, and the connection stays', async () => {
    const { url, taken, refusals } = await startBroker(guarded)
    const pump = await connect(url, as('pump'))
    for (const qos of [0, 1, 2] as const) {
      await pump.publishAsync('events/a', '{}', { qos })
      await pump.publishAsync('notifications/alerts/critical/pump', '{}', { qos })
    }
    await pump.publishAsync('pumps/7/state', 'on', { qos: 1 })
    expect(taken.map(({ topic }) => topic)).toEqual(
      Array(3).fill('notifications/alerts/critical/pump'),
    )
    expect(refusals).toHaveLength(3)
    expect(refusals[0]).toMatchObject({ code: 'forbidden', topic: 'events/a', peer: 'pump-1' })
    expect(refusals[0]?.payload.toString()).toBe('{}')
    expect(pump.connected).toBe(true)
  })

  test('needs the scope, and what the service says is not for others to say', async () => {
    const { broker, url, refusals } = await startBroker(guarded)
    const watcher = await connect(url, as('admin'))
    const messages = received(watcher)
    await watcher.subscribeAsync('#', { qos: 1 })
    const reader = await connect(url, as('reader'))
    await reader.publishAsync('home/a', 'x', { qos: 1 })
    const ann = await connect(url, as('ann'))
    for (const topic of ['users/bob/inbox', 'belfry/status/test', '$SYS/x', '$anything']) {
      await ann.publishAsync(topic, 'forged', { qos: 1, retain: true })
    }
    await ann.publishAsync('users/ann/seen', 'mine', { qos: 1 })
    await waitFor(() => messages.includes('users/ann/seen mine'))
    expect(messages.filter((each) => /forged|home/.test(each))).toEqual([])
    expect(refusals.map(({ code }) => code)).toEqual(Array(5).fill('forbidden'))
    expect(broker.status().refused).toBe(5)
  })

  test('a will outside the rights is left out', async () => {
    const { broker, url, taken, log } = await startBroker(guarded)
    const will = {
      topic: 'events/gone',
      payload: Buffer.from('{}'),
      qos: 1,
      retain: false,
    } as const
    const pump = await connect(url, as('pump', { will }))
    pump.stream.destroy()
    await waitFor(() => broker.clients().length === 0)
    expect(taken).toEqual([])
    expect(log.join('')).toContain('left out a will')
  })
})

describe('subscribing', () => {
  test('is for what is one’s own', async () => {
    const { url } = await startBroker(guarded)
    const ann = await connect(url, as('ann'))
    const asked = {
      'users/ann/#': true,
      'users/ann/inbox': true,
      'notifications/replies/ann/x': true,
      'belfry/status/+': true,
      '$share/g/users/ann/inbox': true,
      'users/bob/#': false,
      'users/+/inbox': false,
      'users/#': false,
      'notifications/replies/#': false,
      '$share/g/#': false,
      '#': false,
      '+/+': false,
      '$SYS/#': false,
    }
    const answers = Object.keys(asked).map(async (filter) => [filter, await grants(ann, filter)])
    expect(Object.fromEntries(await Promise.all(answers))).toEqual(asked)
    const pump = await connect(url, as('pump'))
    expect(await grants(pump, 'pumps/+/state')).toBe(true)
    expect(await grants(pump, 'pumps/#')).toBe(false)
    const admin = await connect(url, as('admin'))
    for (const filter of ['#', '$SYS/#']) expect(await grants(admin, filter)).toBe(true)
    const plus = await connect(url, as('plus'))
    expect(await grants(plus, 'users/+/#')).toBe(false)
  })

  test('a refused filter gains nothing by coming with a granted one', async () => {
    const { broker, url } = await startBroker(guarded)
    const session = as('ann', { clean: false })
    const ann = await connect(url, session)
    const asked = ['users/ann/#', 'users/bob/#', 'users/ann/x']
    await ann.subscribeAsync(asked, { qos: 1 }).catch(() => {})
    await ann.endAsync()
    await broker.publisher.publish('users/bob/inbox', 'secret')
    await broker.publisher.publish('users/ann/inbox', 'own')
    const again = await connect(url, session)
    const messages = received(again)
    await broker.publisher.publish('users/bob/inbox', 'secret')
    await broker.publisher.publish('users/ann/inbox', 'end')
    await waitFor(() => messages.includes('users/ann/inbox end'))
    expect(messages).toEqual(['users/ann/inbox own', 'users/ann/inbox end'])
  })

  test('rights that shrank count for sessions that are restored', async () => {
    let scopes: Principal['scopes'] = ['admin', 'publish']
    const { broker, url } = await startBroker({
      authRequired: true,
      authenticate: async () => principal('ann', { scopes }),
    })
    const session = { ...as('ann'), clean: false }
    const ann = await connect(url, session)
    await ann.subscribeAsync(['#', 'users/ann/#'], { qos: 1 })
    await ann.endAsync()
    await broker.publisher.publish('users/bob/inbox', 'queued before')
    scopes = ['publish']
    const again = await connect(url, session)
    const messages = received(again)
    await broker.publisher.publish('users/bob/inbox', 'sent after')
    await broker.publisher.publish('users/ann/inbox', 'own')
    await waitFor(() => messages.length > 0)
    expect(messages).toEqual(['users/ann/inbox own'])
    await waitFor(() => broker.status().queued === 0)
  })
})

test('a connection ends with the credentials that opened it', async () => {
  const clock = new FakeClock()
  const { url } = await startBroker({ ...guarded, clock })
  const short = await connect(url, as('short'))
  const ann = await connect(url, as('ann'))
  clock.advance(61 * 60_000)
  await waitFor(() => !short.connected)
  expect(ann.connected).toBe(true)
})

test('disconnect() closes a client and says whether there was one', async () => {
  const { broker, url } = await startBroker()
  const client = await connect(url, { clientId: 'panel' })
  expect(broker.disconnect('nobody')).toBe(false)
  expect(broker.disconnect('panel')).toBe(true)
  await waitFor(() => !client.connected)
})
