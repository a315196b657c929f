import { createHash } from 'node:crypto'
import type { IPublishPacket } from 'mqtt'
import type { PacketMark } from '../context.ts'
import type { PacketSink, Ticket } from './deferred-ack.ts'

/**
 * How many packets of one session are worked on at once; then its connection
 * waits. Enough to fill every batch on the way to the store: more would only live
 * longer, and what lives longer costs the garbage collector most.
 */
export const MAX_IN_FLIGHT = 500

interface Packet {
  readonly wire: IPublishPacket
  readonly mark: PacketMark | null
  state: 'running' | 'done' | 'acknowledged'
  /** Of the newest connection that delivered it. */
  ticket: Ticket
}

export interface SessionPacketsParts {
  readonly clientId: string
  /** Does the work of one packet; a rejection leaves it with the broker. */
  readonly intake: (packet: IPublishPacket, mark: PacketMark | null) => Promise<unknown>
  /** A QoS 2 packet was let go of by the broker: its mark is of no more use. */
  readonly onReleased: (mark: PacketMark) => void
}

/**
 * The packets of one broker session that are not acknowledged yet. A packet that
 * the broker delivers again on a new connection joins the work that is still
 * under way, instead of being done twice.
 */
export class SessionPackets implements PacketSink {
  readonly #parts: SessionPacketsParts
  readonly #known = new Map<number, Packet>()
  #running = 0
  #draining = false
  #arrivedAt = 0
  #room: PromiseWithResolvers<void> | null = null
  #idle: PromiseWithResolvers<void> | null = null

  constructor(parts: SessionPacketsParts) {
    this.#parts = parts
  }

  /** How many are worked on now. */
  get inFlight(): number {
    return this.#running
  }

  /** For how long nothing has arrived and nothing was under way, in milliseconds. */
  get quietMs(): number {
    return this.#running > 0 ? 0 : performance.now() - this.#arrivedAt
  }

  receive(wire: IPublishPacket, ticket: Ticket): Promise<void> | undefined {
    if (this.#draining) {
      ticket.skip()
      return undefined
    }
    this.#arrivedAt = performance.now()
    const known = this.#redelivered(wire)
    if (known === null) this.#take(wire, ticket)
    else this.#rejoin(known, ticket)
    if (this.#running < MAX_IN_FLIGHT) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  holds(messageId: number): boolean {
    return this.#known.get(messageId)?.wire.qos === 2
  }

  release(messageId: number): void {
    const packet = this.#known.get(messageId)
    if (packet?.mark == null) return
    this.#known.delete(messageId)
    this.#parts.onReleased(packet.mark)
  }

  /** The broker has forgotten the session: its packet ids begin anew. */
  forget(): void {
    this.#known.clear()
  }

  /** From now on nothing is taken; resolves when all that was taken is done. */
  drain(): Promise<void> {
    this.#draining = true
    return this.settled()
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    this.#idle ??= Promise.withResolvers()
    return this.#idle.promise
  }

  /**
   * The same packet, delivered before. Numbers alone prove nothing (a broker
   * without the session counts from 1 again), so the contents must be the same;
   * for QoS 1 also the DUP flag, since an acknowledged number is free at once.
   */
  #redelivered(wire: IPublishPacket): Packet | null {
    if (wire.qos === 0 || (wire.qos === 1 && !wire.dup)) return null
    const known = this.#known.get(wire.messageId ?? 0)
    if (known === undefined || known.wire.qos !== wire.qos) return null
    const isSame = known.wire.topic === wire.topic && bytes(known.wire).equals(bytes(wire))
    return isSame ? known : null
  }

  #rejoin(packet: Packet, ticket: Ticket): void {
    packet.ticket = ticket
    if (packet.state !== 'running') this.#acknowledge(packet)
  }

  #take(wire: IPublishPacket, ticket: Ticket): void {
    const mark = wire.qos === 2 ? markOf(this.#parts.clientId, wire) : null
    const packet: Packet = { wire, mark, state: 'running', ticket }
    if (wire.qos > 0) this.#known.set(wire.messageId ?? 0, packet)
    this.#running += 1
    this.#parts.intake(wire, mark).then(
      () => this.#finish(packet, true),
      () => this.#finish(packet, false),
    )
  }

  #finish(packet: Packet, done: boolean): void {
    this.#running -= 1
    if (done) {
      packet.state = 'done'
      this.#acknowledge(packet)
    } else {
      this.#drop(packet)
      packet.ticket.skip()
    }
    if (this.#running < MAX_IN_FLIGHT) {
      this.#room?.resolve()
      this.#room = null
    }
    if (this.#running === 0) {
      this.#idle?.resolve()
      this.#idle = null
    }
  }

  #acknowledge(packet: Packet): void {
    packet.ticket.acknowledge(() => {
      packet.state = 'acknowledged'
      // A QoS 2 packet is known until PUBREL [MQTT-4.3.3-10].
      if (packet.wire.qos === 1) this.#drop(packet)
    })
  }

  #drop(packet: Packet): void {
    const messageId = packet.wire.messageId ?? 0
    if (this.#known.get(messageId) === packet) this.#known.delete(messageId)
  }
}

function markOf(clientId: string, wire: IPublishPacket): PacketMark {
  const hash = createHash('sha256').update(wire.topic).update(bytes(wire)).digest('hex')
  return { id: `${clientId}:${wire.messageId}:${hash.slice(0, 16)}`, dup: wire.dup, marker: null }
}

/** mqtt.js hands out buffers; its types also know strings, which it takes for sending. */
export function bytes({ payload }: IPublishPacket): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}
