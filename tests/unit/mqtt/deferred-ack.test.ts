import type { IPublishPacket } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PacketMark } from '../../../src/context.ts'
import { Connection } from '../../../src/mqtt/connection.ts'
import { deferAcknowledgements, HeldPackets } from '../../../src/mqtt/deferred-ack.ts'
import { MAX_IN_FLIGHT, SessionPackets } from '../../../src/mqtt/session-packets.ts'
import { systemClock } from '../../../src/support/clock.ts'
import {
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  type RawBroker,
  startRawBroker,
} from '../../support/raw-broker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { silent } from './context.ts'

interface Taken {
  readonly payload: string
  readonly mark: PacketMark | null
  done(): void
  fail(): void
}

/**
 * What this file pins: mqtt.js, told so, sends no acknowledgement by itself and
 * goes on reading, in both kinds of QoS; and `_sendPacket` sends one.
 */
describe('deferred acknowledgement', () => {
  let broker: RawBroker
  let connection: Connection
  let packets: SessionPackets
  let taken: Taken[]
  let released: PacketMark[]
  let usesStore: boolean

  beforeEach(async () => {
    broker = await startRawBroker()
    taken = []
    released = []
    usesStore = false
    packets = new SessionPackets({
      clientId: 'c',
      intake: (packet, mark) => takeIn(packet, mark),
      onReleased: (mark) => released.push(mark),
    })
    connection = new Connection({
      address: { urls: [broker.url] },
      clientId: 'c',
      session: () => ({
        clean: false,
        incomingStore: new HeldPackets(packets),
      }),
      backoff: { minMs: 30, maxMs: 40 },
      clock: systemClock,
      log: silent,
      onClient: (client) => {
        deferAcknowledgements(client, packets)
        // As a future mqtt.js might, that does not ask this option for 3.1.1.
        if (usesStore)
          client.options.customHandleAcks = (_topic, _message, _packet, done) => done(0)
      },
      onConnected: () => undefined,
    })
  })
  afterEach(async () => {
    await connection.end({ force: true })
    await broker.stop()
  })

  function takeIn(packet: IPublishPacket, mark: PacketMark | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const payload = packet.payload.toString()
      taken.push({ payload, mark, done: resolve, fail: () => reject(new Error('abandoned')) })
    })
  }

  async function connected(): Promise<void> {
    connection.start()
    await waitFor(() => connection.connected)
  }
  const payloads = () => taken.map(({ payload }) => payload)
  const arrived = (count: number) => waitFor(() => taken.length === count)
  const heard = (count: number) => waitFor(() => broker.heard.length >= count)

  it('reads on while nothing is acknowledged', async () => {
    await connected()
    for (let id = 1; id <= 50; id++) broker.send(publish(id, `m${id}`, { qos: id % 2 ? 1 : 2 }))
    await arrived(50)
    expect(broker.heard).toEqual([])
    expect(packets.inFlight).toBe(50)
  })

  it('[X-17] acknowledges in the order of arrival, PUBACK and PUBREC in one line', async () => {
    await connected()
    broker.send(publish(7, 'a'))
    broker.send(publish(8, 'b', { qos: 2 }))
    broker.send(publish(9, 'c', { qos: 0 }))
    broker.send(publish(3, 'd'))
    await arrived(4)
    taken[3]!.done()
    taken[1]!.done()
    taken[2]!.done()
    await waitFor(() => packets.inFlight === 1)
    expect(broker.heard).toEqual([])
    taken[0]!.done()
    await heard(3)
    expect(broker.heard).toEqual([puback(7), pubrec(8), puback(3)])
  })

  it('keeps a QoS 2 packet until PUBREL, then lets its mark go', async () => {
    await connected()
    broker.send(publish(8, 'b', { qos: 2 }))
    await arrived(1)
    taken[0]!.done()
    await heard(1)
    expect(packets.holds(8)).toBe(true)
    // The PUBREC was lost on the way: the same packet comes again, and is not done again.
    broker.send(publish(8, 'b', { qos: 2, dup: true }))
    await heard(2)
    expect(taken).toHaveLength(1)
    broker.send(pubrel(8))
    await heard(3)
    expect(broker.heard).toEqual([pubrec(8), pubrec(8), pubcomp(8)])
    expect(released.map(({ id }) => id)).toEqual([taken[0]!.mark?.id])
    expect(released[0]?.id).toMatch(/^c:8:[0-9a-f]{16}$/)
    // Now the number is free for another packet, and even for the same words.
    broker.send(publish(8, 'b', { qos: 2 }))
    await arrived(2)
  })

  it('answers a PUBREL that it knows nothing of', async () => {
    await connected()
    broker.send(pubrel(5))
    await heard(1)
    expect(broker.heard).toEqual([pubcomp(5)])
    expect(released).toEqual([])
  })

  it('the acknowledgement of an old connection never reaches the new one', async () => {
    await connected()
    broker.send(publish(1, 'old'))
    await arrived(1)
    broker.cut()
    await waitFor(() => broker.connections === 2 && connection.connected)
    broker.send(publish(1, 'new'))
    await arrived(2)
    taken[0]!.done()
    broker.send(publish(2, 'next'))
    await arrived(3)
    taken[2]!.done()
    await waitFor(() => packets.inFlight === 1)
    expect(broker.heard).toEqual([])
    taken[1]!.done()
    await heard(2)
    expect(broker.heard).toEqual([puback(1), puback(2)])
  })

  it.each([1, 2] as const)('a QoS %i redelivery joins the work under way', async (qos) => {
    await connected()
    broker.send(publish(1, 'slow', { qos }))
    broker.send(publish(2, 'fast', { qos }))
    await arrived(2)
    taken[1]!.done()
    broker.cut()
    await waitFor(() => broker.connections === 2 && connection.connected)
    broker.send(publish(1, 'slow', { qos, dup: true }))
    broker.send(publish(2, 'fast', { qos, dup: true }))
    taken[0]!.done()
    await heard(2)
    expect(payloads()).toEqual(['slow', 'fast'])
    const expected = qos === 1 ? [puback(1), puback(2)] : [pubrec(1), pubrec(2)]
    expect(broker.heard).toEqual(expected)
  })

  it('what was done while there was no connection is acknowledged, not done again', async () => {
    await connected()
    broker.send(publish(1, 'a'))
    await arrived(1)
    broker.cut()
    await waitFor(() => !connection.connected)
    taken[0]!.done()
    await waitFor(() => broker.connections === 2 && connection.connected)
    expect(packets.inFlight).toBe(0)
    broker.send(publish(1, 'a', { dup: true }))
    await heard(1)
    expect(broker.heard).toEqual([puback(1)])
    expect(payloads()).toEqual(['a'])
  })

  it('the same number with other words is another message', async () => {
    await connected()
    broker.send(publish(1, 'one'))
    await arrived(1)
    broker.cut()
    await waitFor(() => broker.connections === 2 && connection.connected)
    broker.send(publish(1, 'two', { dup: true }))
    await arrived(2)
    expect(payloads()).toEqual(['one', 'two'])
  })

  it('what was abandoned is not acknowledged and holds up nobody', async () => {
    await connected()
    broker.send(publish(1, 'a'))
    broker.send(publish(2, 'b'))
    await arrived(2)
    taken[1]!.done()
    taken[0]!.fail()
    await heard(1)
    expect(broker.heard).toEqual([puback(2)])
  })

  it('while draining nothing is taken, and what was taken is acknowledged', async () => {
    await connected()
    broker.send(publish(1, 'a'))
    await arrived(1)
    const drained = packets.drain()
    broker.send(publish(2, 'b', { qos: 2 }))
    broker.send(publish(3, 'c'))
    taken[0]!.done()
    await drained
    await heard(1)
    await connection.end()
    expect(payloads()).toEqual(['a'])
    expect(broker.heard[0]).toEqual(puback(1))
    expect(broker.heard.filter((packet) => packet[0] !== 0xe0)).toHaveLength(1)
  })

  it('waits with the next packet when too many are under way', async () => {
    await connected()
    for (let n = 0; n < MAX_IN_FLIGHT + 50; n++) broker.send(publish(0, `${n}`, { qos: 0 }))
    await arrived(MAX_IN_FLIGHT)
    for (const each of taken.slice(0, 10)) each.done()
    await arrived(MAX_IN_FLIGHT + 10)
    for (const each of taken.splice(0)) each.done()
    await arrived(40)
  })

  it('a QoS 2 packet that comes by way of the store is acknowledged after its intake too', async () => {
    usesStore = true
    await connected()
    broker.send(publish(8, 'b', { qos: 2 }))
    await arrived(1)
    expect(broker.heard).toEqual([])
    taken[0]!.done()
    await heard(1)
    broker.send(pubrel(8))
    await heard(2)
    expect(broker.heard).toEqual([pubrec(8), pubcomp(8)])
    expect(released).toHaveLength(1)
  })
})
