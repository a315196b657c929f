import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import { waitFor } from '../../support/wait-for.ts'
import { ChildBroker } from './child-broker.ts'
import { connect, received, startBroker, temporaryDirectory } from './harness.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024

test('a CONNECT of 150 MB is cut off before it is read, and costs no memory', async () => {
  const child = await ChildBroker.start(await temporaryDirectory())
  const before = await child.rss()
  let most = before
  const socket = connectSocket(child.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(Buffer.from([0x10, 0x80, 0xa3, 0xc3, 0x47])) // CONNECT, 150 000 000 bytes to come
  socket.write(Buffer.from([0, 4, ...Buffer.from('MQTT'), 4, 0xc2, 0, 60, 0xff, 0xff]))
  const chunk = Buffer.alloc(MiB)
  for (let n = 0; n < 150 && !socket.destroyed; n++) {
    if (!socket.write(chunk)) await Promise.race([drained(socket), closed])
    if (n % 10 === 0) most = Math.max(most, await child.rss())
  }
  await closed
  most = Math.max(most, await child.rss())
  expect(most - before).toBeLessThan(30 * MiB)
  const client = await connect(child.url)
  expect(client.connected).toBe(true)
})

test('a publish of 1 MiB closes the connection, and is told with its topic', async () => {
  const { url, refusals, log, taken } = await startBroker()
  const client = await connect(url, { clientId: 'big' })
  client.on('error', () => {})
  client.publish('events/huge', Buffer.alloc(MiB), { qos: 1 })
  await waitFor(() => !client.connected)
  await waitFor(() => refusals.length === 1)
  expect(refusals[0]).toMatchObject({ code: 'too_large', topic: 'events/huge', peer: 'big' })
  expect(log.join('')).toContain('larger than')
  expect(taken).toEqual([])
})

test('a payload of 256 KiB is taken, one byte more is refused without closing', async () => {
  const { url, refusals, taken } = await startBroker()
  const client = await connect(url)
  await client.publishAsync('events/a', Buffer.alloc(256 * 1024), { qos: 1 })
  await client.publishAsync('events/a', Buffer.alloc(256 * 1024 + 1), { qos: 1 })
  expect(taken).toHaveLength(1)
  expect(refusals).toMatchObject([{ code: 'too_large', topic: 'events/a' }])
  expect(client.connected).toBe(true)
})

test.each(['events/+', 'events/#', 'a\0b', '', 'a/'.repeat(150)])(
  'a publish on the illegal topic %j is acknowledged and refused',
  async (topic) => {
    const { url, refusals, taken, log } = await startBroker()
    const subscriber = await connect(url)
    const messages = received(subscriber)
    await subscriber.subscribeAsync('#')
    const client = await connect(url)
    for (const qos of [1, 2] as const) await publishRaw(client, topic, qos)
    await client.publishAsync('home/end', 'x', { qos: 1 })
    await waitFor(() => messages.includes('home/end x'))
    expect(messages.filter((each) => !/^(home|belfry)/.test(each))).toEqual([])
    expect(taken).toEqual([])
    expect(refusals).toMatchObject([
      { code: 'invalid_payload', topic },
      { code: 'invalid_payload', topic },
    ])
    expect(log.join('')).toContain('illegal')
    expect(client.connected).toBe(true)
  },
)

test('a client that asks for MQTT 5 is refused cleanly, and the log says what to do', async () => {
  const { broker, url, log } = await startBroker()
  await expect(
    mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, clientId: 'five' }),
  ).rejects.toMatchObject({ code: 1 })
  const outcome = await run('mosquitto_pub', [
    ...['-h', '127.0.0.1', '-p', String(broker.port), '-V', 'mqttv5'],
    ...['-t', 'events/a', '-m', '{}', '-i', 'five-too'],
  ]).catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(Error)
  const told = log.filter((line) => line.includes('protocol version 4'))
  expect(told.map((line) => JSON.parse(line).client)).toEqual(['five', 'five-too'])
  expect(told[0]).toContain('MQTT_URL')
  await connect(url)
})

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'a client named %s is a client like any other',
  async (clientId) => {
    const { broker, url, taken } = await startBroker()
    for (const clean of [false, true]) {
      const client = await connect(url, { clientId, clean })
      const messages = received(client)
      await client.subscribeAsync(['__proto__', 'constructor'], { qos: 1 })
      await client.publishAsync('constructor', 'x', { qos: 2, retain: true })
      await client.publishAsync('events/a', '{}', { qos: 2 })
      await waitFor(() => messages.length > 0)
      expect(broker.clients()).toMatchObject([{ clientId }])
      await client.endAsync()
      await waitFor(() => broker.clients().length === 0)
    }
    expect(taken).toHaveLength(2)
  },
)

test.each([
  ['nonsense', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a second CONNECT', Buffer.concat([connectPacket('x'), connectPacket('x')])],
  ['a publish before CONNECT', Buffer.from([0x30, 0x05, 0, 1, 0x61, 0x62, 0x63])],
  ['a length without end', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['a client id with a control character', connectPacket('a\x07b')],
])('%s closes that connection and nothing else', async (_name, bytes) => {
  const { broker, url } = await startBroker()
  const socket = connectSocket(broker.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  socket.write(bytes)
  await waitFor(() => socket.closed)
  await connect(url)
})

test('a SUBSCRIBE with thousands of filters is cut off', async () => {
  const { broker, url } = await startBroker()
  const client = await connect(url, { clean: false, clientId: 'greedy' })
  const filters = Array.from({ length: 5000 }, (_, n) => `a/${n}`)
  client.on('error', () => {})
  client.subscribe(filters, { qos: 1 }, () => {})
  await waitFor(() => !client.connected)
  expect(broker.status().state).toBe('open')
  await connect(url)
})

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', resolve))
}

function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const body = Buffer.from([0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 60, 0, id.length, ...id])
  return Buffer.from([0x10, body.length, ...body])
}

/** Writes a PUBLISH that mqtt.js itself would not send, and waits for the broker's answer. */
async function publishRaw(client: mqtt.MqttClient, topic: string, qos: 1 | 2): Promise<void> {
  const name = Buffer.from(topic)
  const body = Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name])
  const rest = Buffer.concat([body, Buffer.from([0, 40 + qos, 0x7b, 0x7d])])
  const length = rest.length > 127 ? [(rest.length & 127) | 128, rest.length >> 7] : [rest.length]
  const answer = new Promise<void>((resolve) => {
    client.on('packetreceive', (packet) => {
      const isAnswer = packet.cmd === (qos === 1 ? 'puback' : 'pubrec')
      if (isAnswer && packet.messageId === 40 + qos) resolve()
    })
  })
  client.stream.write(Buffer.concat([Buffer.from([0x30 | (qos << 1), ...length]), rest]))
  await answer
  await turn()
}
