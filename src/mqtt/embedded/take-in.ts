import { hash } from 'node:crypto'
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
import type { BrokerStore, Incoming } from './broker-store.ts'
import type { Connections } from './connections.ts'
import { Lanes } from './lane.ts'
import type { OrderedBroker } from './ordered-broker.ts'
import type { PacketGuard } from './packet-guard.ts'
import type { Take } from './publish-hook.ts'

/** As much of the table of routes as is needed to know what is for Belfry. */
export interface RouteTable<Route extends object> {
  match(topic: string): { readonly value: Route } | null
}

export interface TakeInParts<Route extends object> {
  readonly store: BrokerStore
  readonly connections: Connections
  readonly guard: PacketGuard
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
    const fault = this.#faultOf(publisher, packet)
    if (fault) return this.#refuse(publisher, packet, fault)
    const room = this.#broker!.room()
    if (room) await room
    if (packet.qos === 2) await this.#takeOnce(publisher, packet, turn)
    else await this.#handle(publisher, packet, turn, null)
  }

  // A packet that is sent again while it is still being handled waits for that [MQTT-4.3.3-2].
  async #takeOnce(publisher: Publisher, packet: PublishPacket, turn: Place): Promise<void> {
    const incoming = incomingOf(publisher, packet)
    if (incoming === null) return this.#handle(publisher, packet, turn, null)
    const { client, messageId, digest } = incoming
    const key = `${messageId}:${client.id}`
    let earlier = this.#taking.get(key)
    for (; earlier; earlier = this.#taking.get(key)) await earlier.catch(() => {})
    const known = this.#parts.store.incoming
    if (known.get(client.id, messageId)?.digest === digest) return this.#broker!.drop(packet)
    if (known.count(client.id) >= MAX_INCOMING) {
      throw new Error('too many QoS 2 messages wait for their PUBREL')
    }
    const taking = this.#handle(publisher, packet, turn, incoming)
    this.#taking.set(key, taking)
    try {
      await taking
    } finally {
      this.#taking.delete(key)
    }
  }

  async #handle(
    publisher: Publisher,
    packet: PublishPacket,
    turn: Place,
    incoming: Incoming | null,
  ): Promise<void> {
    const outcome = await this.#offer(publisher, packet, incoming)
    const { client, clientId } = publisher
    // The session of a client that has gone for good has ended: nothing of it is kept.
    const kept = client?.closed && client.clean ? null : incoming
    if (outcome === 'refused') this.refused += 1
    // What a tenant says on a topic of everybody's is for Belfry alone.
    if (outcome === 'refused' || this.#parts.access.isKeptBack(publisher.principal, packet.topic)) {
      this.#broker!.drop(packet)
      if (kept) await this.#parts.store.keepTaken(kept)
      return
    }
    const reached = turn.reached()
    if (reached) await reached
    const stored = this.#broker!.take(packet, kept ? { clientId, incoming: kept } : { clientId })
    turn.leave()
    if (stored) await stored
  }

  /** Hands a message that is for Belfry to the intake; answers what became of it. */
  async #offer(
    { clientId, principal }: Publisher,
    packet: PublishPacket,
    incoming: Incoming | null,
  ): Promise<'handled' | 'refused' | 'ignored'> {
    const { router, prefix, intake } = this.#parts
    const topic = withoutPrefix(packet.topic, prefix)
    const route = topic === null ? null : router.match(topic)
    if (topic === null || (route === null && !OURS.test(topic))) return 'ignored'
    this.taken += 1
    const message: IncomingMessage = {
      topic,
      payload: payloadOf(packet),
      qos: packet.qos ?? 0,
      // What a publisher wants kept is new all the same.
      retained: false,
      meta: {},
      responseTopic: null,
      correlationData: null,
      peer: clientId,
      principal,
      packet: incoming?.mark ?? null,
      only: null,
    }
    return route ? this.#lanes.of(route.value).run(() => intake(message)) : intake(message)
  }

  #faultOf({ principal }: Publisher, packet: PublishPacket): BelfryError | null {
    const illegal = this.#parts.guard.illegalTopic(packet)
    if (illegal) return new InvalidPayload(`The topic is illegal: ${illegal.fault}.`)
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
        tenant: publisher.principal?.tenant ?? '',
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

/** What is kept of a QoS 2 packet; `null` for a will, which has no second step. */
function incomingOf({ client }: Publisher, packet: PublishPacket): Incoming | null {
  const { topic, messageId, dup } = packet
  if (!client || messageId === undefined) return null
  const content = Buffer.concat([Buffer.from(`${topic}\0`), payloadOf(packet)])
  const digest = hash('sha256', content).slice(0, 32)
  const mark = { id: `${client.id}:${messageId}:${digest}`, dup: dup ?? false, marker: null }
  return { client, messageId, digest, mark }
}
