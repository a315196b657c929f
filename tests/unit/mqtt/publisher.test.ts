import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MqttPublisher, type MqttPublisherOptions } from '../../../src/mqtt/publisher.ts'
import { systemClock } from '../../../src/support/clock.ts'
import {
  puback,
  pubcomp,
  pubrec,
  type RawBroker,
  startRawBroker,
} from '../../support/raw-broker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { silent } from './context.ts'

const PUBLISH = 3
const typeOf = (packet: Buffer) => packet[0]! >> 4
const qosOf = (packet: Buffer) => (packet[0]! >> 1) & 3
const topicOf = (packet: Buffer) => packet.toString('utf8', 4, 4 + packet.readUInt16BE(2))
const idOf = (packet: Buffer) => packet.readUInt16BE(4 + packet.readUInt16BE(2))

describe('MqttPublisher', () => {
  let broker: RawBroker
  let publisher: MqttPublisher

  beforeEach(async () => {
    broker = await startRawBroker()
  })
  afterEach(async () => {
    await broker.stop()
    await publisher.stop(50)
  })

  function create(own: Partial<MqttPublisherOptions> = {}): MqttPublisher {
    publisher = new MqttPublisher({
      address: { urls: [broker.url] },
      clientId: 'publisher',
      node: 'n 1',
      prefix: 'p',
      clock: systemClock,
      log: silent,
      backoff: { minMs: 5, maxMs: 10 },
      ...own,
    })
    return publisher
  }
  const sent = (topic: string) =>
    broker.heard.filter((packet) => typeOf(packet) === PUBLISH && topicOf(packet) === topic)

  it('announces itself first, under the prefix, retained', async () => {
    create()
      .publish('a', 'x')
      .catch(() => undefined)
    publisher.start()
    await waitFor(() => sent('p/a').length === 1)
    const [first] = broker.heard
    expect(topicOf(first!)).toBe('p/belfry/status/n-1')
    expect(first![0]! & 1).toBe(1)
    expect(first!.toString()).toContain('online')
  })

  it('resolves when the broker has acknowledged, not before', async () => {
    create().start()
    let isDone = false
    const publishing = publisher.publish('a', 'x').then(() => {
      isDone = true
    })
    await waitFor(() => sent('p/a').length === 1)
    expect(isDone).toBe(false)
    broker.send(puback(idOf(sent('p/a')[0]!)))
    await publishing
  })

  it('sends again on the next connection what was not acknowledged, in order', async () => {
    create().start()
    const publishing = [publisher.publish('a', '1'), publisher.publish('b', '2')]
    await waitFor(() => sent('p/b').length === 1)
    broker.cut()
    await waitFor(() => broker.connections === 2 && sent('p/b').length === 1)
    for (const packet of [...sent('p/a'), ...sent('p/b')]) broker.send(puback(idOf(packet)))
    await Promise.all(publishing)
  })

  it('never has more than 20 QoS 2 messages on their way', async () => {
    create().start()
    const publishing = Array.from({ length: 50 }, () => publisher.publish('a', 'x', { qos: 2 }))
    await waitFor(() => sent('p/a').length === 20)
    const first = idOf(sent('p/a')[0]!)
    broker.send(pubrec(first))
    await waitFor(() => broker.heard.some((packet) => typeOf(packet) === 6))
    expect(sent('p/a')).toHaveLength(20)
    broker.send(pubcomp(first))
    await waitFor(() => sent('p/a').length === 21)
    expect(sent('p/a').map(qosOf)).toEqual(Array(21).fill(2))
    for (const each of publishing) each.catch(() => undefined)
  })

  it('gives up a message over which every connection breaks, and sends the others', async () => {
    create().start()
    const poison = publisher.publish('poison', 'x')
    poison.catch(() => undefined)
    const innocent = publisher.publish('fine', 'x')
    const timer = setInterval(() => {
      if (sent('p/poison').length > 0) broker.cut()
      else for (const packet of sent('p/fine')) broker.send(puback(idOf(packet)))
    }, 2)
    await expect(poison).rejects.toMatchObject({ code: 'unavailable' })
    await innocent
    clearInterval(timer)
  })

  it('keeps a bounded queue while the broker is away', async () => {
    create({ maxQueued: 3 })
    const waiting = [1, 2, 3].map((n) => publisher.publish('a', `${n}`))
    await expect(publisher.publish('a', '4')).rejects.toMatchObject({ code: 'unavailable' })
    for (const each of waiting) each.catch(() => undefined)
    await publisher.stop(10)
    await expect(waiting[0]).rejects.toMatchObject({ code: 'unavailable' })
    await expect(publisher.publish('a', '5')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each([
    ['a/+', 'wildcard'],
    ['a/#', 'wildcard'],
    ['a\0', 'NUL'],
    ['a/\ud800', 'Unicode'],
    ['x'.repeat(65_536), 'longer'],
    ['a/'.repeat(200), 'levels'],
  ])('refuses a topic that would make the broker close the connection', async (topic, why) => {
    await expect(create().publish(topic, 'x')).rejects.toThrow(why)
    await expect(publisher.publish(topic, 'x')).rejects.toMatchObject({ code: 'invalid_payload' })
  })
})
