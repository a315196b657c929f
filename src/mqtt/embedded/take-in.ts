import type { Client, PublishPacket } from 'aedes'
import type { Principal } from '../../context.ts'
import type { Clock } from '../../support/clock.ts'
import { type BelfryError, Forbidden, InvalidPayload, TooLarge } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import type { IncomingMessage, Intake } from '../message.ts'
import type { Refusal } from '../refusal.ts'
import { withoutPrefix } from '../topic-name.ts'
import type { AccessRules } from './access-rules.ts'
import type { Place } from './arrival-order.ts'
import type { BrokerStore } from './broker-store.ts'
import type { Connections } from './connections.ts'
import { Lanes } from './lane.ts'
import type { OrderedBroker } from './ordered-broker.ts'
import type { PacketGuard } from './packet-guard.ts'
import type { PacketMarks } from './packet-marks.ts'
import type { Take } from './publish-hook.ts'
import { topicFault } from './topic-filter.ts'

/** As much of the table of routes as is needed to know what is for Belfry. */
export interface RouteTable<Route extends object> {
  match(topic: string): { readonly value: Route } | null
}

export interface TakeInParts<Route extends object> {
  readonly store: BrokerStore
  readonly connections: Connections
  readonly guard: PacketGuard
  readonly marks: PacketMarks
  readonly access: AccessRules
  readonly router: RouteTable<Route>
  /** How many messages of a route may be handled at once. */
  readonly concurrencyOf: (route: Route) => number
  readonly intake: Intake
  readonly prefix: string
  readonly clock: Clock
  readonly log: Logger
  /** Records what the broker itself refused. */
  readonly onRefused: (refusal: Refusal) => Promise<void>
}

/** A stored will, of which only its packet is left. */
interface Orphan {
  readonly clientId?: string
  readonly principal?: Principal | null
}

interface Publisher {
  readonly client: Client | null
  readonly clientId: string
  readonly principal: Principal | null
}

const MAX_PAYLOAD_BYTES = 256 * 1024
/** QoS 2 packets of one client that may wait for its PUBREL; a row each. */
export const MAX_INCOMING = 20_000
/** Topics that are Belfry's: what no route takes is refused there, and said so. */
const OURS = /^(notifications|websocket|events)\//

/**
 * What happens to every published message before aedes acknowledges it: Belfry's
 * own are handled, until their effect is stored, and all are stored for whoever
 * is subscribed and away. What is refused is acknowledged too, since MQTT 3.1.1
 * has no way to say no, but reaches nobody.
 */
export class TakeIn<Route extends object> {
  readonly #parts: TakeInParts<Route>
  readonly #lanes: Lanes<Route>
  /** QoS 2 packets that are being handled. */
  readonly #taking = new Map<string, Promise<void>>()
  #broker: OrderedBroker | null = null
  taken = 0
  refused = 0

  constructor(parts: TakeInParts<Route>) {
    this.#parts = parts
    this.#lanes = new Lanes(parts.concurrencyOf)
  }

  /** Says whose packets these are, before the first of them arrives. */
  serve(broker: OrderedBroker): void {
    this.#broker = broker
  }

  /** Takes a packet in; see {@link Take}. */
  readonly take: Take = async (client, packet, turn) => {
    const publisher = this.#publisherOf(client, packet)
    const fault = this.#faultOf(publisher.principal, packet)
    if (fault) return this.#refuse(publisher, packet, fault)
    const room = this.#broker!.room()
    if (room) await room
    if (client && packet.qos === 2) await this.#takeOnce(publisher, client, packet, turn)
    else await this.#handle(publisher, packet, turn)
  }

  // A packet that is sent again while it is still being handled waits for that [MQTT-4.3.3-2].
  async #takeOnce(
    publisher: Publisher,
    client: Client,
    packet: PublishPacket,
    turn: Place,
  ): Promise<void> {
    const messageId = packet.messageId ?? 0
    const key = `${messageId}:${client.id}`
    let earlier = this.#taking.get(key)
    for (; earlier; earlier = this.#taking.get(key)) await earlier.catch(() => {})
    const { incoming } = this.#parts.store
    if (incoming.has(client.id, messageId)) return this.#broker!.drop(packet)
    if (incoming.count(client.id) >= MAX_INCOMING) {
      throw new Error('too many QoS 2 messages wait for their PUBREL')
    }
    const taking = this.#handle(publisher, packet, turn)
    this.#taking.set(key, taking)
    try {
      await taking
    } finally {
      this.#taking.delete(key)
    }
  }

  async #handle(publisher: Publisher, packet: PublishPacket, turn: Place): Promise<void> {
    if ((await this.#offer(publisher, packet)) === 'refused') {
      this.refused += 1
      return this.#broker!.drop(packet)
    }
    const reached = turn.reached()
    if (reached) await reached
    const { client, clientId } = publisher
    const { messageId } = packet
    // The session of a client that has gone for good has ended: nothing of it is kept.
    const isTwoStep = client && packet.qos === 2 && messageId !== undefined
    const stays = isTwoStep && !(client.closed && client.clean)
    const origin = stays ? { clientId, incoming: { client, messageId } } : { clientId }
    const stored = this.#broker!.take(packet, origin)
    turn.leave()
    if (stored) await stored
  }

  /** Hands a message that is for Belfry to the intake; answers what became of it. */
  async #offer(
    publisher: Publisher,
    packet: PublishPacket,
  ): Promise<'handled' | 'refused' | 'ignored'> {
    const { router, prefix, intake } = this.#parts
    const topic = withoutPrefix(packet.topic, prefix)
    const route = topic === null ? null : router.match(topic)
    if (topic === null || (route === null && !OURS.test(topic))) return 'ignored'
    this.taken += 1
    const message = this.#messageOf(publisher, packet, topic)
    return route ? this.#lanes.of(route.value).run(() => intake(message)) : intake(message)
  }

  #messageOf(publisher: Publisher, packet: PublishPacket, topic: string): IncomingMessage {
    const { client, clientId, principal } = publisher
    const payload = payloadOf(packet)
    const isTwoStep = client !== null && packet.qos === 2
    return {
      topic,
      payload,
      qos: packet.qos ?? 0,
      // What a publisher wants kept is new all the same.
      retained: false,
      meta: {},
      responseTopic: null,
      correlationData: null,
      peer: clientId,
      principal,
      packet: isTwoStep ? this.#parts.marks.create(client, packet, payload) : null,
      only: null,
    }
  }

  #faultOf(principal: Principal | null, packet: PublishPacket): BelfryError | null {
    const illegal = this.#parts.guard.illegalTopic(packet)
    const fault = illegal ? illegal.fault : topicFault(packet.topic)
    if (fault !== null) return new InvalidPayload(`The topic is illegal: ${fault}.`)
    const reason = this.#parts.access.mayPublish(principal, packet.topic)
    if (reason !== null) return new Forbidden(`Not published: ${reason}.`)
    if (packet.payload.length <= MAX_PAYLOAD_BYTES) return null
    return new TooLarge(`A payload has at most ${MAX_PAYLOAD_BYTES} bytes.`)
  }

  async #refuse(publisher: Publisher, packet: PublishPacket, error: BelfryError): Promise<void> {
    const { guard, prefix, clock, onRefused, log } = this.#parts
    this.refused += 1
    this.#broker!.drop(packet)
    const topic = guard.illegalTopic(packet)?.topic ?? packet.topic
    log.warn({ client: publisher.clientId, topic, code: error.code }, error.message)
    try {
      await onRefused({
        code: error.code,
        error: error.toBody(),
        topic: withoutPrefix(topic, prefix) ?? topic,
        payload: payloadOf(packet).subarray(0, MAX_PAYLOAD_BYTES),
        meta: {},
        peer: publisher.clientId,
        at: clock.now(),
      })
    } catch (failure) {
      log.error({ err: failure, topic }, 'a refusal could not be recorded')
    }
  }

  #publisherOf(client: Client | null, packet: PublishPacket): Publisher {
    const connection = this.#parts.connections.of(client)
    const orphan = packet as Orphan
    return {
      client,
      clientId: client?.id ?? orphan.clientId ?? '',
      principal: connection ? connection.principal : (orphan.principal ?? null),
    }
  }
}

function payloadOf({ payload }: PublishPacket): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}
