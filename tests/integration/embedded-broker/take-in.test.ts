import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import type { IncomingMessage } from '../../../src/mqtt/message.ts'
import { waitFor } from '../../support/wait-for.ts'
import { atEnd, connect, received, startBroker } from './harness.ts'

const run = promisify(execFile)

test.each([1, 2] as const)(
  'a QoS %d message is acknowledged only after it was taken in',
  async (qos) => {
    let store: (() => void) | undefined
    const { url } = await startBroker({
      intake: async () => {
        await new Promise<void>((resolve) => (store = resolve))
        return 'handled'
      },
    })
    const client = await connect(url)
    let isAcknowledged = false
    const publishing = client
      .publishAsync('events/a', '{}', { qos })
      .then(() => (isAcknowledged = true))

    await waitFor(() => store)
    // A second connection has gone to and fro in the meantime, so an early PUBACK would be here.
    const other = await connect(url)
    await other.subscribeAsync('x')
    await other.publishAsync('x', '', { qos: 1 })
    expect(isAcknowledged).toBe(false)
    store?.()
    await publishing
  },
)

test('what the intake is told: payload, QoS, who, and a mark for QoS 2 only', async () => {
  const { url, taken } = await startBroker()
  const client = await connect(url, { clientId: 'pump-7' })
  for (const qos of [0, 1, 2] as const) {
    await client.publishAsync('events/order.shipped', `{"n":${qos}}`, { qos, retain: qos === 1 })
  }
  await waitFor(() => taken.length === 3)
  expect(taken.map(({ qos, payload }) => [qos, payload.toString()])).toEqual([
    [0, '{"n":0}'],
    [1, '{"n":1}'],
    [2, '{"n":2}'],
  ])
  for (const message of taken) {
    expect(message).toMatchObject({
      topic: 'events/order.shipped',
      peer: 'pump-7',
      retained: false,
    })
  }
  expect(taken[0]?.packet).toBeNull()
  expect(taken[1]?.packet).toBeNull()
  expect(taken[2]?.packet).toMatchObject({ dup: false, marker: null })
  expect(taken[2]?.packet?.id).toMatch(/^pump-7:\d+:[0-9a-f]{32}$/)
})

test('the mark of a QoS 2 message is let go of when its publisher has let go', async () => {
  const released: string[] = []
  const stored: string[] = []
  const { url } = await startBroker({
    releasePacket: ({ id, marker }) => void released.push(`${id} ${marker?.key}`),
    async intake({ packet }) {
      if (!packet) return 'handled'
      stored.push(`${packet.id} packet:${packet.id}`)
      packet.marker = { partition: 0, key: `packet:${packet.id}` }
      return 'handled'
    },
  })
  for (const clean of [true, false]) {
    const client = await connect(url, { clean, clientId: 'pump' })
    await client.publishAsync('events/a', '{}', { qos: 2 })
    await client.endAsync()
  }
  await waitFor(() => released.length === 2)
  expect(released).toEqual(stored)
})

test('a QoS 2 packet that is sent again is not taken in again', async () => {
  const { url, taken } = await startBroker()
  const subscriber = await connect(url)
  const messages = received(subscriber)
  await subscriber.subscribeAsync('events/#', { qos: 0 })
  const client = await connect(url)
  const packet = {
    cmd: 'publish',
    topic: 'events/a',
    payload: '{}',
    qos: 2,
    retain: false,
  } as const
  const send = (dup: boolean) => mqttWrite(client, { ...packet, dup, messageId: 77, length: 0 })
  send(false)
  send(true)
  send(true)
  await client.publishAsync('events/end', '{}', { qos: 1 })
  await waitFor(() => messages.includes('events/end {}'))
  expect(taken.map(({ topic }) => topic)).toEqual(['events/a', 'events/end'])
  expect(messages).toEqual(['events/a {}', 'events/end {}'])
})

test('a refused message is acknowledged, reaches nobody, is not retained; the publisher stays', async () => {
  const { url } = await startBroker({
    intake: async ({ payload }) => (payload.includes('bad') ? 'refused' : 'handled'),
  })
  const subscriber = await connect(url)
  const messages = received(subscriber)
  await subscriber.subscribeAsync('#', { qos: 2 })
  const client = await connect(url)
  let closed = 0
  client.on('close', () => closed++)
  for (const qos of [0, 1, 2] as const) {
    await client.publishAsync('events/a', `bad ${qos}`, { qos, retain: true })
  }
  await client.publishAsync('events/b', 'good', { qos: 1 })
  await waitFor(() => messages.includes('events/b good'))
  const late = await connect(url)
  const kept = received(late)
  await late.subscribeAsync(['events/#', 'belfry/#'])
  await waitFor(() => kept.length > 0)

  expect(messages.filter((each) => each.startsWith('events/a'))).toEqual([])
  expect(kept).toEqual(['belfry/status/test online'])
  expect(closed).toBe(0)
  expect(client.connected).toBe(true)
})

test('what no route takes: the intake refuses it under our topics, others are ordinary traffic', async () => {
  const offered: string[] = []
  const { url } = await startBroker({
    intake: async ({ topic }) => {
      offered.push(topic)
      return 'refused'
    },
  })
  const client = await connect(url)
  const messages = received(client)
  await client.subscribeAsync('#')
  await client.publishAsync('notifications/nothing/here', '{}', { qos: 1 })
  await client.publishAsync('websocket/nothing/here', '{}', { qos: 1 })
  await client.publishAsync('home/kitchen', 'warm', { qos: 1 })
  await waitFor(() => messages.includes('home/kitchen warm'))
  expect(offered).toEqual(['notifications/nothing/here', 'websocket/nothing/here'])
  expect(messages).toEqual(['belfry/status/test online', 'home/kitchen warm'])
})

test('no more messages of a route are handled at once than it has workers, first come first', async () => {
  let most = 0
  let now = 0
  const order: string[] = []
  const { url } = await startBroker({
    async intake({ payload }) {
      order.push(payload.toString())
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 1))
      now -= 1
      return 'handled'
    },
  })
  const client = await connect(url)
  const numbers = Array.from({ length: 40 }, (_, n) => String(n))
  await Promise.all(numbers.map((n) => client.publishAsync('events/a', n, { qos: 1 })))
  expect(most).toBe(2)
  expect(order).toEqual(numbers)
})

test('messages of one publisher are acknowledged and passed on in the order of arrival', async () => {
  const { url } = await startBroker({
    async intake({ payload }) {
      // The earlier it came, the longer it takes.
      await new Promise((resolve) => setTimeout(resolve, 30 - Number(payload)))
      return 'handled'
    },
    concurrencyOf: () => 1000,
  })
  const subscriber = await connect(url)
  const messages = received(subscriber)
  await subscriber.subscribeAsync('events/a', { qos: 1 })
  const client = await connect(url)
  const acknowledged: number[] = []
  await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      client.publishAsync('events/a', String(n), { qos: 1 }).then(() => acknowledged.push(n)),
    ),
  )
  await waitFor(() => messages.length === 30)
  const all = Array.from({ length: 30 }, (_, n) => n)
  expect(acknowledged).toEqual(all)
  expect(messages).toEqual(all.map((n) => `events/a ${n}`))
})

test('nothing is taken for a duplicate where stored and unstored messages mix', async () => {
  const { url } = await startBroker()
  const subscriber = await connect(url)
  const messages = received(subscriber)
  await subscriber.subscribeAsync('mix', { qos: 0 })
  const client = await connect(url)
  const all = Array.from({ length: 200 }, (_, n) => n)
  await Promise.all(
    all.map((n) =>
      client.publishAsync('mix', String(n), { qos: (n % 2) as 0, retain: n % 3 === 0 }),
    ),
  )
  await waitFor(() => messages.length === 200, { message: 'messages were dropped' })
  expect(messages).toEqual(all.map((n) => `mix ${n}`))
})

test('a message without payload clears what was retained', async () => {
  const { url } = await startBroker()
  const client = await connect(url)
  await client.publishAsync('home/a', 'x', { qos: 1, retain: true })
  await client.publishAsync('home/b', 'y', { qos: 1, retain: true })
  await client.publishAsync('home/a', '', { qos: 1, retain: true })
  const late = await connect(url)
  const kept = received(late)
  await late.subscribeAsync('home/+')
  await waitFor(() => kept.length > 0)
  expect(kept).toEqual(['home/b y'])
})

test('the service publishes without passing its own intake, and only on legal topics', async () => {
  const { broker, url, taken } = await startBroker({ prefix: 'acme' })
  const client = await connect(url)
  const messages = received(client)
  await client.subscribeAsync('acme/events/#')
  await broker.publisher.publish('events/a', 'from us', { qos: 2 })
  await waitFor(() => messages.length === 1)
  expect(messages).toEqual(['acme/events/a from us'])
  expect(taken).toEqual([])
  for (const topic of ['a/+', 'a/#', 'a\0b', 'x'.repeat(70_000), 'a/'.repeat(120)]) {
    await expect(broker.publisher.publish(topic, '')).rejects.toMatchObject({
      code: 'invalid_payload',
    })
  }
})

test('a prefix is taken off what is offered, and nothing without it is offered', async () => {
  const { url, taken } = await startBroker({ prefix: 'acme/' })
  const client = await connect(url)
  await client.publishAsync('events/a', '{}', { qos: 1 })
  await client.publishAsync('acme/events/b', '{}', { qos: 1 })
  expect(taken.map(({ topic }) => topic)).toEqual(['events/b'])
})

test('mosquitto_pub and mosquitto_sub get on with it at every QoS', async () => {
  const { broker, taken } = await startBroker()
  const base = ['-h', '127.0.0.1', '-p', String(broker.port), '-V', 'mqttv311']
  const listening = run('mosquitto_sub', [
    ...base,
    '-t',
    'events/#',
    '-q',
    '2',
    '-C',
    '3',
    '-W',
    '10',
  ])
  await waitFor(() => broker.clients().length === 1)
  await waitFor(async () => {
    await run('mosquitto_pub', [...base, '-t', 'home/x', '-m', 'x', '-q', '1'])
    return true
  })
  for (const qos of ['0', '1', '2']) {
    await run('mosquitto_pub', [...base, '-t', 'events/a', '-m', `{"n":${qos}}`, '-q', qos])
  }
  await waitFor(() => taken.length === 3)
  const { stdout } = await listening
  expect(stdout.trim().split('\n')).toEqual(['{"n":0}', '{"n":1}', '{"n":2}'])
})

test('a will is taken in like a publish', async () => {
  const { url, taken } = await startBroker()
  const client = await connect(url, {
    clientId: 'pump-7',
    will: {
      topic: 'notifications/alerts/critical/gone',
      payload: Buffer.from('{}'),
      qos: 1,
      retain: false,
    },
  })
  client.stream.destroy()
  await waitFor(() => taken.length === 1)
  expect(taken[0]).toMatchObject({ topic: 'notifications/alerts/critical/gone', peer: 'pump-7' })
})

test('stop() finishes what is under way, takes nothing new, and keeps to its deadline', async () => {
  let finish: (() => void) | undefined
  const done: string[] = []
  const { broker, url } = await startBroker({
    async intake({ payload }) {
      await new Promise<void>((resolve) => (finish = resolve))
      done.push(payload.toString())
      return 'handled'
    },
  })
  const client = await connect(url)
  const publishing = client.publishAsync('events/a', 'under way', { qos: 1 })
  await waitFor(() => finish)
  const stopping = broker.stop(10_000)
  await expect(mqtt.connectAsync(url, { reconnectPeriod: 0 })).rejects.toThrow()
  finish?.()
  await publishing
  await stopping
  expect(done).toEqual(['under way'])

  const hanging = await startBroker({ intake: () => new Promise<'handled'>(() => {}) })
  const other = await connect(hanging.url)
  other.publish('events/a', '{}', { qos: 1 })
  await waitFor(() => hanging.broker.status().taken === 1)
  await hanging.broker.stop(50)
  await waitFor(() => !other.connected)
})

test('an intake that fails leaves the message unacknowledged', async () => {
  const seen: IncomingMessage[] = []
  const { url } = await startBroker({
    async intake(message) {
      seen.push(message)
      if (seen.length === 1) throw new Error('the store is gone')
      return 'handled'
    },
  })
  const client = await connect(url, { reconnectPeriod: 20, clientId: 'again' })
  atEnd(() => client.end(true))
  await client.publishAsync('events/a', '{}', { qos: 1 })
  expect(seen).toHaveLength(2)
})

function mqttWrite(client: mqtt.MqttClient, packet: object): void {
  const internals = client as unknown as { _writePacket(packet: object): void }
  internals._writePacket(packet)
}
