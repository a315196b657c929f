/**
 * Acknowledgements when the work is done, not when the packet is read. mqtt.js
 * handles one packet at a time and acknowledges it before the next; here it goes
 * on reading, and PUBACK (QoS 1) and PUBREC (QoS 2) follow when the packet's
 * intake has resolved, in the order of arrival [MQTT-4.6.0-2, MQTT-4.6.0-3].
 *
 * This is the one place that relies on the inside of mqtt.js: an error given to
 * the callback of `handleMessage` or of `customHandleAcks` (which is looked up
 * in the options for every packet, in both protocol versions) sends no
 * acknowledgement and reads on; and `stream` is what packets are written to,
 * whole. Its test pins that.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { IPublishPacket, IStore, MqttClient } from 'mqtt'

/** The place of one packet in the order of acknowledgements of its connection. */
export interface Ticket {
  /** May be sent now. `onSent` is called when it was; on a connection that is gone never. */
  acknowledge(onSent: () => void): void
  /** Is never sent, and holds up nobody. */
  skip(): void
}

/** What takes the packets of a session; it outlives the session's connections. */
export interface PacketSink {
  /** Takes a packet; a promise makes the connection wait with the next one. */
  receive(packet: IPublishPacket, ticket: Ticket): Promise<void> | undefined
  /** Whether a QoS 2 packet was taken and its PUBREL has not come. */
  holds(messageId: number): boolean
  /** PUBREL: the broker has forgotten the packet. */
  release(messageId: number): void
}

/** What mqtt.js is told instead of "acknowledge": it sends nothing and reads on. */
export const DEFERRED = new Error('acknowledged later')

/** While the connection waits for room it must still look alive, to both ends. */
const NUDGE_MS = 10_000

const RELEASED = Symbol('released')

/** Takes over the acknowledgements of one client, that is of one connection. */
export function deferAcknowledgements(client: MqttClient, sink: PacketSink): void {
  const line = new AckLine(client)

  function receive(packet: IPublishPacket, proceed: () => void): void {
    const room = sink.receive(packet, line.ticketFor(packet))
    if (room === undefined) proceed()
    else waitFor(client, room, proceed)
  }

  client.handleMessage = (packet, done) => {
    if (RELEASED in packet) done()
    else receive(packet, () => done(DEFERRED))
  }
  client.options.customHandleAcks = (_topic, _message, packet: IPublishPacket, done) => {
    if (packet.qos === 2) receive(packet, () => done(DEFERRED))
    else done(0)
  }
}

function waitFor(client: MqttClient, room: Promise<void>, proceed: () => void): void {
  const nudge = setInterval(() => {
    if (!client.connected) return
    client.sendPing()
    client.reschedulePing(true)
  }, NUDGE_MS)
  nudge.unref()
  void room.then(() => {
    clearInterval(nudge)
    proceed()
  })
}

/** First bytes of PUBACK and PUBREC (MQTT 5 §3.4.1, §3.5.1). */
const PUBACK = 0x40
const PUBREC = 0x50
/** Without a reason code it means success, in both versions of the protocol. */
const ACK_BYTES = 4

const NOTHING = () => {}

/** Where a packet stands in the line. */
class Place implements Ticket {
  readonly type: typeof PUBACK | typeof PUBREC
  readonly messageId: number
  state: 'waiting' | 'ready' | 'skipped' = 'waiting'
  onSent: () => void = NOTHING
  readonly #onSettled: () => void

  constructor({ qos, messageId = 0 }: IPublishPacket, onSettled: () => void) {
    this.type = qos === 1 ? PUBACK : PUBREC
    this.messageId = messageId
    this.#onSettled = onSettled
  }

  acknowledge(onSent: () => void): void {
    this.state = 'ready'
    this.onSent = onSent
    this.#onSettled()
  }

  skip(): void {
    this.state = 'skipped'
    this.#onSettled()
  }
}

const NO_TICKET: Ticket = { acknowledge: (onSent) => onSent(), skip: NOTHING }

/** The acknowledgements that a connection owes, in order of arrival, sent once a turn. */
class AckLine {
  readonly #client: MqttClient
  #places: Place[] = []
  #scheduled = false
  readonly #schedule = (): void => {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }
  readonly #flush = (): void => {
    this.#scheduled = false
    const waiting = this.#places.findIndex(({ state }) => state === 'waiting')
    // What is sent must not be held on to: it would outlive its packet.
    const settled = this.#places.splice(0, waiting < 0 ? this.#places.length : waiting)
    this.#send(settled.filter(({ state }) => state === 'ready'))
  }

  constructor(client: MqttClient) {
    this.#client = client
  }

  ticketFor(packet: IPublishPacket): Ticket {
    if (packet.qos === 0) return NO_TICKET
    const place = new Place(packet, this.#schedule)
    this.#places.push(place)
    return place
  }

  /** One write for all of them. */
  #send(places: readonly Place[]): void {
    // On a connection that is gone mqtt.js would keep it for the next, where the
    // same number may stand for another packet.
    if (places.length === 0 || !this.#client.connected || this.#client.disconnecting) return
    const bytes = Buffer.allocUnsafe(places.length * ACK_BYTES)
    let at = 0
    for (const { type, messageId } of places) {
      bytes.writeUInt32BE(type * 0x1000000 + 0x20000 + messageId, at)
      at += ACK_BYTES
    }
    this.#client.stream.write(bytes)
    for (const place of places) place.onSent()
  }
}

/**
 * Where mqtt.js looks for QoS 2 packets: it asks at PUBREL whether there is one,
 * and lets go of it. Should it ever put one here by itself, PUBREC waits for the
 * intake all the same, only one packet at a time.
 */
export class HeldPackets implements IStore {
  readonly #sink: PacketSink

  constructor(sink: PacketSink) {
    this.#sink = sink
  }

  put(packet: IPublishPacket, done: () => void): this {
    const ticket: Ticket = {
      acknowledge: (onSent) => {
        done()
        onSent()
      },
      skip: () => undefined,
    }
    void this.#sink.receive(packet, ticket)
    return this
  }

  get({ messageId = 0 }: { messageId?: number }, found: PacketFound): this {
    if (this.#sink.holds(messageId)) found(undefined, releasedPacket(messageId))
    else found(new Error('missing packet'))
    return this
  }

  del({ messageId = 0 }: { messageId?: number }, done: PacketFound): this {
    this.#sink.release(messageId)
    done()
    return this
  }

  createStream(): ReturnType<IStore['createStream']> {
    return Readable.from([]) as unknown as ReturnType<IStore['createStream']>
  }

  close(done: () => void): void {
    done()
  }
}

type PacketFound = (error?: Error, packet?: IPublishPacket) => void

function releasedPacket(messageId: number): IPublishPacket {
  const packet: IPublishPacket = {
    cmd: 'publish',
    topic: '',
    payload: Buffer.alloc(0),
    qos: 2,
    dup: false,
    retain: false,
    messageId,
  }
  return Object.assign(packet, { [RELEASED]: true })
}
