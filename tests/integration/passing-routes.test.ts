import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExternalBroker, startExternalBroker } from '../../src/mqtt/external-broker.ts'
import { Router } from '../../src/mqtt/router.ts'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { Unavailable } from '../../src/support/errors.ts'
import { silentLog as log } from '../support/delivery.ts'
import { FAST } from '../support/mqtt-node.ts'
import { requireServer, startMosquitto, type TestServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

describe.runIf(requireServer('mosquitto'))('routes that come and go', () => {
  const router = new Router()
  const heard: string[] = []
  let server: TestServer
  let store: SqliteStore
  let broker: ExternalBroker
  let device: MqttClient

  beforeAll(async () => {
    server = await startMosquitto()
    store = openSqliteStore({ path: ':memory:', clock, log })
    router.on('declared/{name}', { qos: 1 }, async () => {})
    broker = await start()
    device = await connectAsync(server.url)
  })
  const start = () =>
    startExternalBroker({
      ...{ urls: [server.url], prefix: '', group: 'g', clientId: 'passing', node: 'n' },
      ...{ router, store, clock, log, onReleased: () => {}, times: FAST },
      intake: async ({ topic }) => {
        heard.push(topic)
        return 'handled'
      },
    })
  afterAll(async () => {
    await device?.endAsync()
    await broker?.stop({ hardDeadlineMs: 1_000 })
    await store?.close()
    await server?.stop()
  })

  const follow = (pattern: string) =>
    router.replacePassing((group) => group.on(pattern, { qos: 1 }, async () => {}))

  /** Published again and again: a subscription may come a moment later. */
  const isHeard = (topic: string) =>
    waitFor(async () => {
      await device.publishAsync(topic, '{}', { qos: 1 })
      return heard.includes(topic)
    })

  it('are subscribed once the store is back that was away when they came, and so are later ones', async () => {
    const commit = store.commit.bind(store)
    let refusals = 0
    store.commit = (write) => {
      if (refusals >= 2) return commit(write)
      refusals += 1
      return Promise.reject(new Unavailable('The store is away.'))
    }
    await follow('rooms/{room}')
    await isHeard('rooms/1')
    expect(refusals).toBe(2)
    await follow('floors/{floor}')
    await isHeard('floors/1')
  })

  it('are subscribed when they come while a process is still taking its place', async () => {
    await broker.stop({ hardDeadlineMs: 1_000 })
    const get = store.get.bind(store)
    const { promise: isRead, resolve: goOn } = Promise.withResolvers<void>()
    const isAsked = Promise.withResolvers<void>()
    store.get = async (...asked) => {
      store.get = get
      isAsked.resolve()
      await isRead
      return get(...asked)
    }
    const starting = start()
    await isAsked.promise
    await follow('cellars/{cellar}')
    goOn()
    broker = await starting
    await isHeard('cellars/1')
  })
})
