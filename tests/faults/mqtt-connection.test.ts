import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  connect,
  connectAsync,
  type IClientOptions,
  type IConnackPacket,
  type MqttClient,
} from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SlotClients } from '../../src/mqtt/slot-clients.ts'
import type { RedisStore } from '../../src/store/redis/redis-store.ts'
import { type ChildNode, startChildNode } from '../support/child-node.ts'
import {
  counts,
  type MqttNode,
  type NodeOptions,
  openStore,
  startNode,
} from '../support/mqtt-node.ts'
import { requireServer, startMosquitto, startRedis, type TestServer } from '../support/servers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { startVersionGate } from '../support/version-gate.ts'
import { waitFor } from '../support/wait-for.ts'

const canRun = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!canRun)('an external broker, when something breaks', () => {
  let mosquitto: TestServer
  let redis: TestServer
  const cleanups: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    ;[mosquitto, redis] = await Promise.all([startMosquitto(), startRedis()])
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  afterAll(async () => {
    await Promise.all([mosquitto?.stop(), redis?.stop()])
  })

  const optionsOf = (clientId: string, more: Partial<NodeOptions>): NodeOptions => ({
    urls: [mosquitto.url],
    redisPort: redis.port,
    clientId,
    ...more,
  })

  async function child(clientId: string, more: Partial<NodeOptions> = {}): Promise<ChildNode> {
    const started = await startChildNode(optionsOf(clientId, more))
    cleanups.push(() => started.end('SIGKILL'))
    return started
  }

  async function node(clientId: string, more: Partial<NodeOptions> = {}): Promise<MqttNode> {
    const started = await startNode(optionsOf(clientId, more))
    cleanups.push(() => started.stop())
    return started
  }

  async function openCounts(clientId: string): Promise<RedisStore> {
    const store = await openStore(redis.port, `${clientId}:`)
    cleanups.push(() => store.close())
    return store
  }

  async function device(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(mosquitto.url, { protocolVersion: 5, ...options })
    cleanups.push(() => client.endAsync(true))
    return client
  }

  async function publish(test: string, qos: 0 | 1 | 2, from: number, to: number): Promise<void> {
    const client = await device()
    const send = (n: number) =>
      client.publishAsync(`count/q${qos}/${test}`, JSON.stringify({ n }), { qos })
    // Mosquitto refuses more QoS 2 messages at once than it has room for.
    for (let n = from; n < to; n += 500) {
      await Promise.all(
        Array.from({ length: Math.min(500, to - n) }, (_, index) => send(n + index)),
      )
    }
  }

  const allCounted = (store: RedisStore, test: string, total: number) =>
    waitFor(async () => (await counts(store, test, total)).every((count) => count > 0), {
      deadlineMs: 60_000,
      message: 'a message was lost',
    })

  it.each([1, 2] as const)('killed in the middle, it loses no QoS %i message', async (qos) => {
    const name = `killed-${qos}`
    const total = 1_500
    const store = await openCounts(name)
    let victim = await child(name, { workMs: 5 })
    const publishing = publish(name, qos, 0, total)
    for (const share of [0.2, 0.5, 0.8]) {
      await waitFor(async () => {
        const done = (await counts(store, name, total)).filter((count) => count > 0)
        return done.length >= total * share
      })
      await victim.end('SIGKILL')
      victim = await child(name, { workMs: 5 })
    }
    await publishing
    await allCounted(store, name, total)
    const twice = (await counts(store, name, total)).filter((count) => count > 1)
    if (qos === 2) expect(twice).toEqual([])
    else expect(twice.length).toBeLessThan(total / 2)
  })

  it('SIGTERM loses nothing, does nothing twice, and leaves slot and session to the next', async () => {
    const store = await openCounts('terminated')
    const first = await child('terminated', { workMs: 5 })
    const publishing = publish('terminated', 1, 0, 1_000)
    await waitFor(async () => (await counts(store, 'terminated', 1_000)).some((count) => count > 0))
    await first.end('SIGTERM')
    await publishing
    const second = await child('terminated')
    await allCounted(store, 'terminated', 1_000)
    expect(await counts(store, 'terminated', 1_000)).toEqual(Array(1_000).fill(1))
    expect(second.log()).toContain('"slot":1,"takenOver":true')
  })

  it.each([5, 4] as const)(
    'what waits for a process that is gone is taken over (MQTT %i)',
    async (version) => {
      const name = `orphan-${version}`
      const urls = [version === 5 ? mosquitto.url : await oldBroker(1)]
      const victim = await child(name, { urls })
      const survivor = await node(name, { urls })
      await victim.end('SIGKILL')
      await publish(name, 1, 0, 300)
      await publish(name, 2, 300, 600)
      await allCounted(survivor.store, name, 600)
      const records = new SlotClients(survivor.store)
      await waitFor(async () => (await records.read(1)).length === 0)
      expect(survivor.broker.status()).toMatchObject({ slot: 2, retiring: [], connected: true })
      // Nothing goes to the dead any more.
      await publish(name, 1, 600, 700)
      await allCounted(survivor.store, name, 700)
      expect(await isKnown(`${name}-1-main-1`)).toBe(false)
    },
  )

  it.each([
    ['keeps its slot when nobody else has it', false, 1],
    ['takes another slot when its own is taken', true, 3],
  ] as const)('a process that slept through its lease %s', async (_, isTaken, slot) => {
    const name = `sleeper-${slot}`
    const sleeper = await child(name)
    const { store, broker } = await node(name)
    const records = new SlotClients(store)
    process.kill(sleeper.pid, 'SIGSTOP')
    await publish(name, 1, 0, 100)
    await publish(name, 2, 100, 200)
    await allCounted(store, name, 200)
    await waitFor(async () => (await records.read(1)).length === 0)
    if (isTaken) await node(name)
    process.kill(sleeper.pid, 'SIGCONT')
    await waitFor(async () => (await records.read(slot)).length > 0)
    const wasTold = () => sleeper.log().includes('another process has our slot')
    if (isTaken) await waitFor(wasTold)
    await publish(name, 1, 200, 300)
    await publish(name, 2, 300, 400)
    await allCounted(store, name, 400)
    expect((await counts(store, name, 400)).slice(200).join('')).toBe('1'.repeat(200))
    expect(wasTold()).toBe(isTaken)
    expect(broker.status()).toMatchObject({ slot: 2, connected: true })
  })

  it('a new version with other routes empties the sessions that it no longer has', async () => {
    const before = await node('deploy', { workers: 3 })
    await before.stop()
    // Parked in the sessions of the pool, which the next version does not have.
    await publish('deploy', 2, 0, 90)
    const after = await node('deploy', { workers: 0 })
    await allCounted(after.store, 'deploy', 90)
    const records = new SlotClients(after.store)
    await waitFor(async () => (await records.read(1)).length === 1)
    await publish('deploy', 2, 90, 180)
    await allCounted(after.store, 'deploy', 180)
    await after.stop()
    // And the other way round: what moved into a pool is no longer asked for in `main`.
    const again = await node('deploy', { workers: 2 })
    await publish('deploy', 2, 180, 240)
    await allCounted(again.store, 'deploy', 240)
    expect((await counts(again.store, 'deploy', 240)).join('')).toBe('1'.repeat(240))
    expect([...again.byClient.keys()].sort()).toEqual([
      'deploy-1-count-q2-test-1',
      'deploy-1-count-q2-test-2',
    ])
  })

  it('a message that fits two filters is handled once, by the more specific route', async () => {
    const name = 'overlap'
    const first = await node(name, { overlaps: true })
    const { store } = await node(name, { overlaps: true })
    await publish('special', 1, 0, 50)
    await publish(name, 1, 0, 50)
    await allCounted(store, 'special', 50)
    await allCounted(store, name, 50)
    expect((await counts(store, 'special', 50)).join('')).toBe('1'.repeat(50))
    expect((await counts(store, name, 50)).join('')).toBe('1'.repeat(50))
    expect(first.refusals).toEqual([])
  })

  it.each([1, 132] as const)('steps down to MQTT 3.1.1 when told code %i', async (code) => {
    const name = `old-${code}`
    const { broker, store } = await node(name, { urls: [await oldBroker(code)] })
    expect(broker.status().publisher.version).toBe(4)
    expect(broker.status().lanes.map(({ version }) => version)).toEqual([4, 4, 4, 4])
    await publish(name, 1, 0, 50)
    await publish(name, 2, 50, 100)
    await allCounted(store, name, 100)
    expect(await counts(store, name, 100)).toEqual(Array(100).fill(1))
  })

  it('goes to the next URL when the first does not answer', async () => {
    const dead = await startTcpProxy(1)
    await dead.stop()
    const { broker } = await node('urls', {
      urls: [`mqtt://127.0.0.1:${dead.port}`, mosquitto.url],
    })
    expect(broker.status()).toMatchObject({ connected: true })
    expect(broker.status().publisher.url).toBe(mosquitto.url)
  })

  it('loses nothing while the line to the broker breaks again and again', async () => {
    const line = await startTcpProxy(mosquitto.port)
    cleanups.push(() => line.stop())
    const { store } = await node('line', { urls: [`mqtt://127.0.0.1:${line.port}`], workMs: 3 })
    const publishing = Promise.all([publish('line', 1, 0, 1_000), publish('line', 2, 1_000, 2_000)])
    for (let cut = 1; cut <= 4; cut++) {
      await waitFor(async () => {
        const done = (await counts(store, 'line', 2_000)).filter((count) => count > 0)
        return done.length >= 500 * cut - 400
      })
      line.cut()
    }
    await publishing
    await allCounted(store, 'line', 2_000)
    const exactlyOnce = (await counts(store, 'line', 2_000)).slice(1_000)
    expect(exactlyOnce).toEqual(Array(1_000).fill(1))
  })

  it('waits for the store while it is away, and then does everything once', async () => {
    const ownRedis = await startRedis()
    cleanups.push(() => ownRedis.stop())
    const { store, broker, refusals, log } = await node('store', { redisPort: ownRedis.port })
    await publish('store', 1, 0, 10)
    await allCounted(store, 'store', 10)
    await ownRedis.stop('SIGKILL')
    await Promise.all([publish('store', 1, 10, 200), publish('store', 2, 200, 400)])
    await waitFor(() => broker.status().lanes.some(({ inFlight }) => inFlight > 0))
    // Longer than the lease: the slot is in doubt, and yet nobody else's.
    const failures = () => log.filter((line) => line.includes('could not be kept')).length
    await waitFor(() => failures() > 8)
    await ownRedis.restart()
    await allCounted(store, 'store', 400)
    expect((await counts(store, 'store', 400)).join('')).toBe('1'.repeat(400))
    expect(refusals).toEqual([])
  })

  it('subscribes again, and says so, when the broker has lost its sessions', async () => {
    const own = await startMosquitto()
    cleanups.push(() => own.stop())
    const { broker, lostSessions, store } = await node('amnesia', { urls: [own.url] })
    await own.stop('SIGKILL')
    rmSync(join(own.dir, 'mosquitto.db'), { force: true })
    await own.restart()
    await waitFor(() => lostSessions.length === 4 && broker.status().connected)
    const publisher = await connectAsync(own.url, { protocolVersion: 5 })
    cleanups.push(() => publisher.endAsync(true))
    await publisher.publishAsync('count/q1/amnesia', '{"n":0}', { qos: 1 })
    await allCounted(store, 'amnesia', 1)
  })

  it('a broker that restarts with messages on their way loses and repeats none', async () => {
    const own = await startMosquitto()
    cleanups.push(() => own.stop())
    const { store, broker } = await node('restart', { urls: [own.url], workMs: 300 })
    const publisher = await connectAsync(own.url, { protocolVersion: 5, reconnectPeriod: 0 })
    const send = (n: number, qos: 1 | 2) =>
      publisher.publishAsync(`count/q${qos}/restart`, JSON.stringify({ n }), { qos })
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(n, n < 100 ? 1 : 2)))
    await publisher.endAsync()
    await waitFor(() => broker.status().lanes.some(({ inFlight }) => inFlight > 0))
    await own.restart()
    await allCounted(store, 'restart', 200)
    await waitFor(() => broker.status().connected)
    await waitFor(() => broker.status().lanes.every(({ inFlight }) => inFlight === 0))
    expect((await counts(store, 'restart', 200)).join('')).toBe('1'.repeat(200))
  })

  it('what is published while the broker is away arrives when it is back', async () => {
    const own = await startMosquitto()
    cleanups.push(() => own.stop())
    const { broker } = await node('away', { urls: [own.url] })
    await own.stop()
    const sent = Array.from({ length: 50 }, (_, n) => broker.publisher.publish('out', `${n}`))
    await own.restart()
    await Promise.all(sent)
    expect(broker.publisher.status()).toMatchObject({ queued: 0, onTheWay: 0 })
  })

  it('the broker says offline for a process that was killed', async () => {
    const reader = await device()
    const states: string[] = []
    reader.on('message', (_topic, payload) => states.push(payload.toString()))
    await reader.subscribeAsync('belfry/status/victim', { qos: 1 })
    const victim = await child('will', { node: 'victim' })
    await waitFor(() => states.includes('online'))
    await victim.end('SIGKILL')
    await waitFor(() => states.includes('offline'))
  })

  async function oldBroker(code: 1 | 132): Promise<string> {
    const gate = await startVersionGate(mosquitto.port, code)
    cleanups.push(() => gate.stop())
    return `mqtt://127.0.0.1:${gate.port}`
  }

  /** Whether the broker has a session with this client id; asking ends it. */
  async function isKnown(clientId: string): Promise<boolean> {
    const options = { clientId, protocolVersion: 4, reconnectPeriod: 0 } as const
    const probe = connect(mosquitto.url, { ...options, clean: false })
    const connack = await new Promise<IConnackPacket>((resolve) => probe.on('connect', resolve))
    await probe.endAsync()
    const cleaner = await connectAsync(mosquitto.url, { ...options, clean: true })
    await cleaner.endAsync()
    return connack.sessionPresent
  }
})
