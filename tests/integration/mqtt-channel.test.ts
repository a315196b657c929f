import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MqttProvider, type Publish } from '../../services/channels/mqtt.ts'
import { makeRecord, messageOf } from '../../services/notifications/notification-record.ts'
import { UnreadTopic } from '../../services/notifications/unread-topic.ts'
import { InvalidPayload } from '../../src/support/errors.ts'
import { Delivery, silentLog as log } from '../support/delivery.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { requireServer, startMosquitto, type TestServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const NOTIFICATION = makeRecord({
  id: '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b',
  userId: 'ada@example.com',
  message: messageOf({ message: 'Disk full', channels: ['mqtt'] }),
  choice: { channels: ['mqtt'], skipped: {} },
  origin: {},
  now: 1_767_614_400_000,
})

describe.skipIf(!requireServer('mosquitto'))('the mqtt channel', () => {
  let broker: TestServer
  let client: MqttClient
  let clock: FakeClock

  const publish: Publish = async (topic, payload, options) => {
    await client.publishAsync(topic, payload, options)
  }
  const deliver = (by: Publish) =>
    new Delivery(new MqttProvider({ publish: by, clock }), clock, 'mqtt', {
      notification: NOTIFICATION,
    })

  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker.stop())
  beforeEach(async () => {
    clock = new FakeClock()
    client = await connectAsync(broker.url, { protocolVersion: 5 })
  })
  afterEach(() => client.endAsync(true))

  it('delivers the record to the user’s own topic, QoS 1', async () => {
    const got: { topic: string; qos: number; payload: string }[] = []
    const reader = await connectAsync(broker.url)
    try {
      await reader.subscribeAsync('users/+/inbox', { qos: 1 })
      reader.on('message', (topic, payload, { qos }) => {
        got.push({ topic, qos, payload: payload.toString() })
      })
      expect(await deliver(publish).attempt()).toBe('sent')
      await waitFor(() => got.length > 0)
      expect(got[0]).toMatchObject({ topic: 'users/ada@example.com/inbox', qos: 1 })
      expect(JSON.parse(got[0]!.payload)).toEqual(NOTIFICATION)
    } finally {
      await reader.endAsync(true)
    }
  })

  it('leaves the unread count for whoever connects later', async () => {
    const unread = new UnreadTopic({ publish, count: () => Promise.resolve(3), clock, log })
    unread.changed('42')
    await unread.flush()
    const late = await connectAsync(broker.url)
    try {
      const counts: string[] = []
      late.on('message', (_topic, payload) => counts.push(payload.toString()))
      await late.subscribeAsync('users/42/unread')
      await waitFor(() => counts.length > 0)
      expect(counts).toEqual(['3'])
    } finally {
      await late.endAsync(true)
    }
  })

  it('waits for a broker that is away, without using a try up', async () => {
    await client.endAsync(true)
    const delivery = deliver(publish)
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job).toMatchObject({ attempts: 0, history: [{ outcome: 'unreachable' }] })
    client = await connectAsync(broker.url)
    expect(await delivery.attempt()).toBe('sent')
  })

  it('does not wait for ever for an answer', async () => {
    const isAsked = Promise.withResolvers<void>()
    const delivery = deliver(() => {
      isAsked.resolve()
      return new Promise(() => undefined)
    })
    const attempt = delivery.attempt()
    await isAsked.promise
    await clock.advance(10_000)
    expect(await attempt).toBe('queued')
    expect(delivery.reasons[0]).toContain('did not answer')
  })

  it('fails what may never be published', async () => {
    const delivery = deliver(() => Promise.reject(new InvalidPayload('too large')))
    expect(await delivery.attempt()).toBe('failed')
  })
})
