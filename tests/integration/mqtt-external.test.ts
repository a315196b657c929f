import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { counts, type MqttNode, type NodeOptions, startNode } from '../support/mqtt-node.ts'
import {
  freePort,
  requireServer,
  startMosquitto,
  startRedis,
  type TestServer,
} from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const canRun = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!canRun)('an external broker', () => {
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

  let lastClientId = 0
  async function node(options: Partial<NodeOptions> = {}): Promise<MqttNode> {
    lastClientId += 1
    const started = await startNode({
      urls: [mosquitto.url],
      redisPort: redis.port,
      clientId: `belfry${lastClientId}`,
      ...options,
    })
    cleanups.push(() => started.stop())
    return started
  }

  async function device(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(mosquitto.url, { protocolVersion: 5, ...options })
    cleanups.push(() => client.endAsync(true))
    return client
  }

  it.each([
    [0, 4],
    [0, 5],
    [1, 4],
    [1, 5],
    [2, 4],
    [2, 5],
  ] as const)('handles each QoS %i message of an MQTT %i publisher once', async (qos, version) => {
    const { store } = await node()
    const publisher = await device({ protocolVersion: version })
    const test = `each-${qos}-${version}`
    const sent = Array.from({ length: 200 }, (_, n) =>
      publisher.publishAsync(`count/q${qos}/${test}`, JSON.stringify({ n }), { qos }),
    )
    await Promise.all(sent)
    await waitFor(async () => (await counts(store, test, 200)).every((count) => count > 0))
    expect(await counts(store, test, 200)).toEqual(Array(200).fill(1))
  })

  it('answers on the response topic of MQTT 5 with its correlation data', async () => {
    await node()
    const asker = await device()
    const answers = await listen(asker, 'notifications/replies/asker')
    const properties = {
      responseTopic: 'notifications/replies/asker',
      correlationData: Buffer.from('question 7'),
    }
    await asker.publishAsync('count/q1/reply5', '{"n":7}', { qos: 1, properties })
    await asker.publishAsync('count/q1/reply5', '{"n":"seven"}', { qos: 1, properties })
    await waitFor(() => answers.length === 2)
    const refusal = { code: 'invalid_payload', issues: [expect.objectContaining({ path: 'n' })] }
    expect(answers.map(({ body }) => body)).toEqual(
      expect.arrayContaining([
        { status: 'counted', n: 7 },
        expect.objectContaining({ status: 'error', error: expect.objectContaining(refusal) }),
      ]),
    )
    expect(answers.map(({ correlationData }) => correlationData)).toEqual(
      Array(2).fill('question 7'),
    )
  })

  it('answers an MQTT 3.1.1 publisher at reply_to, and nowhere else', async () => {
    const { log } = await node()
    const asker = await device({ protocolVersion: 4 })
    const answers = await listen(asker, 'notifications/replies/old')
    const stray = await listen(asker, 'elsewhere/#')
    const ask = (more: object) =>
      asker.publishAsync('count/q1/reply4', JSON.stringify({ n: 1, ...more }), { qos: 1 })
    await ask({ reply_to: 'elsewhere/x', correlation_id: 'a' })
    await ask({ reply_to: 'notifications/replies/+', correlation_id: 'b' })
    await ask({ reply_to: 'notifications/replies/old', correlation_id: 'c' })
    await waitFor(() => answers.length > 0)
    expect(answers.map(({ body }) => body)).toEqual([
      { status: 'counted', n: 1, correlation_id: 'c' },
    ])
    expect(stray).toEqual([])
    expect(log.filter((line) => line.includes('no reply'))).toHaveLength(2)
  })

  it('acknowledges what it refuses, and goes on', async () => {
    const { refusals, store, broker } = await node()
    const publisher = await device()
    const poison = [
      'not json',
      '{"n":',
      '[1]',
      '{"n":"x"}',
      `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
    ]
    for (const payload of poison) {
      await publisher.publishAsync('count/q1/poison', payload, { qos: 1 })
      await publisher.publishAsync('count/q2/poison', payload, { qos: 2 })
    }
    await publisher.publishAsync('count/q1/poison', '{"n":0}', { qos: 1 })
    await publisher.publishAsync('count/q2/poison', '{"n":1}', { qos: 2 })
    await waitFor(async () => (await counts(store, 'poison', 2)).every((count) => count === 1))
    expect(refusals.map(({ code }) => code).sort()).toEqual([
      ...Array(4).fill('invalid_json'),
      ...Array(6).fill('invalid_payload'),
    ])
    await waitFor(() => broker.status().lanes.every(({ inFlight }) => inFlight === 0))
  })

  it('a pool of three connections shares the work', async () => {
    const { byClient, store } = await node({ clientId: 'pool' })
    const publisher = await device()
    for (let n = 0; n < 3_000; n += 500) {
      const batch = Array.from({ length: 500 }, (_, index) =>
        publisher.publishAsync('count/q2/pool', JSON.stringify({ n: n + index }), { qos: 2 }),
      )
      await Promise.all(batch)
    }
    await waitFor(async () => (await counts(store, 'pool', 3_000)).every((count) => count > 0))
    expect(await counts(store, 'pool', 3_000)).toEqual(Array(3_000).fill(1))
    expect([...byClient.keys()].sort()).toEqual([1, 2, 3].map((n) => `pool-1-count-q2-test-${n}`))
    for (const share of byClient.values()) expect(share).toBeGreaterThan(600)
  })

  it('poisoned topics and refused messages do not jam the publisher', async () => {
    const { broker } = await node()
    const reader = await device()
    const seen = await listen(reader, 'out/#')
    const { publisher } = broker
    for (const topic of ['out/+', 'out/#', 'out/\0', '', 'x'.repeat(66_000), 'a/'.repeat(300)]) {
      await expect(publisher.publish(topic, '{}')).rejects.toThrow('The topic')
    }
    await publisher.publish('out/fine', '{"n":1}', { qos: 2 })
    await waitFor(() => seen.length === 1)
    expect(publisher.status()).toMatchObject({ connected: true, queued: 0, onTheWay: 0 })
  })

  it('gets in with a password that needs escaping, and without one again and again tries', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'belfry-passwd-'))
    cleanups.push(async () => rmSync(dir, { recursive: true, force: true }))
    const file = join(dir, 'passwd')
    execFileSync('mosquitto_passwd', ['-b', '-c', file, 'belfry', 'p@ss:w/rd'])
    const guarded = await startMosquitto({
      config: `allow_anonymous false\npassword_file ${file}`,
    })
    cleanups.push(() => guarded.stop())
    const urls = [`mqtt://belfry:p%40ss%3Aw%2Frd@127.0.0.1:${guarded.port}`]
    const { broker } = await node({ urls })
    expect(broker.status()).toMatchObject({ connected: true })
    expect(JSON.stringify(broker.status())).not.toContain('p%40ss')

    const stranger = await node({ urls: [guarded.url], times: { startMs: 200 } })
    await waitFor(() => stranger.log.some((line) => line.includes('Not authorized')))
    expect(stranger.broker.status().connected).toBe(false)
  })

  it('speaks TLS to a private CA and shows its certificate', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'belfry-tls-'))
    cleanups.push(async () => rmSync(dir, { recursive: true, force: true }))
    const [caFile, certFile, keyFile] = ['ca.crt', 'both.crt', 'both.key'].map((n) => join(dir, n))
    makeCertificates(dir)
    const port = await freePort()
    const secure = await startMosquitto({
      config: [
        `listener ${port} 127.0.0.1`,
        `cafile ${caFile}`,
        `certfile ${certFile}`,
        `keyfile ${keyFile}`,
        'require_certificate true',
      ].join('\n'),
    })
    cleanups.push(() => secure.stop())
    const urls = [`mqtts://127.0.0.1:${port}`]
    const tls = { caFile: caFile!, certFile: certFile!, keyFile: keyFile! }
    const { broker, store, log } = await node({ urls, tls })
    expect(broker.status(), log.join('')).toMatchObject({ connected: true })
    await broker.publisher.publish('count/q1/tls', '{"n":0}')
    await waitFor(async () => (await counts(store, 'tls', 1))[0] === 1)

    const untrusting = await node({ urls, times: { startMs: 200 } })
    await waitFor(() => untrusting.log.some((line) => line.includes('certificate')))
    expect(untrusting.broker.status().connected).toBe(false)
  })

  it('says online and, when it stops, offline', async () => {
    const reader = await device()
    const states = await listen(reader, 'belfry/status/node-a', (payload) => payload)
    const { stop } = await node({ node: 'node-a' })
    await waitFor(() => states.length === 1)
    await stop()
    await waitFor(() => states.length === 2)
    expect(states.map(({ body }) => body)).toEqual(['online', 'offline'])
  })
})

/** A CA, and one certificate for both server and client: `ca.crt`, `both.crt`, `both.key`. */
function makeCertificates(dir: string): void {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test CA')
  openssl('req', ...key, '-keyout', 'both.key', '-out', 'both.csr', '-subj', '/CN=localhost')
  writeFileSync(join(dir, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san']
  openssl('x509', '-req', '-in', 'both.csr', '-out', 'both.crt', ...sign)
}

interface Heard {
  readonly topic: string
  readonly body: unknown
  readonly correlationData: string | undefined
}

async function listen(
  client: MqttClient,
  filter: string,
  read: (payload: string) => unknown = JSON.parse,
): Promise<Heard[]> {
  const heard: Heard[] = []
  const level = filter.replace(/[#+].*/, '')
  client.on('message', (topic, payload, packet) => {
    if (!topic.startsWith(level)) return
    const correlationData = packet.properties?.correlationData?.toString()
    heard.push({ topic, body: read(payload.toString()), correlationData })
  })
  await client.subscribeAsync(filter, { qos: 1 })
  return heard
}
