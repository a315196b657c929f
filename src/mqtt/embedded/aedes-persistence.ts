import { Readable } from 'node:stream'
import type { PacketMark } from '../../context.ts'
import type { Backlogs } from './backlogs.ts'
import type { BrokerStore } from './broker-store.ts'
import type { IncomingPacket } from './incoming-packets.ts'
import type { PacketName } from './outgoing-queues.ts'
import type { KeptPacket, Publication, Release, SessionClient, WillPacket } from './packets.ts'
import type { Subscription } from './subscription-trie.ts'

type Wanted = Omit<Subscription, 'clientId'>

export interface AedesPersistenceOptions {
  /** Whether a subscription was granted; aedes hands over refused ones too. */
  readonly isGranted?: (wanted: object) => boolean
  /** Whether a queued message may still be delivered to a client. */
  readonly mayDeliver?: (client: SessionClient, topic: string) => boolean
  /** Called when a publisher let go of a QoS 2 packet (PUBREL). */
  readonly onReleased?: (mark: PacketMark) => void
  /** Told how far clients have caught up with what was queued for them. */
  readonly backlogs?: Backlogs
  /** Called when retained messages could not be read for a subscriber. */
  readonly onError?: (error: Error) => void
}

/**
 * The asynchronous interface of aedes-persistence 11 over a {@link BrokerStore}:
 * every promise resolves when its change is committed.
 */
export class AedesPersistence {
  /** Set by `setup`; its id goes into the wills. */
  broker: { readonly id: string } | null = null
  readonly #store: BrokerStore
  readonly #isGranted: (wanted: object) => boolean
  readonly #mayDeliver: (client: SessionClient, topic: string) => boolean
  readonly #onReleased: (mark: PacketMark) => void
  readonly #backlogs: Backlogs | null
  readonly #onError: (error: Error) => void

  constructor(store: BrokerStore, options: AedesPersistenceOptions = {}) {
    this.#store = store
    this.#isGranted = options.isGranted ?? (() => true)
    this.#mayDeliver = options.mayDeliver ?? (() => true)
    this.#onReleased = options.onReleased ?? (() => {})
    this.#backlogs = options.backlogs ?? null
    this.#onError = options.onError ?? (() => {})
  }

  async setup(broker: { readonly id: string }): Promise<void> {
    this.broker = broker
  }

  async storeRetained(packet: KeptPacket): Promise<void> {
    await this.#store.write(() => this.#store.retained.store(packet))
  }

  createRetainedStream(pattern: string): Readable {
    return this.createRetainedStreamCombi([pattern])
  }

  createRetainedStreamCombi(patterns: readonly string[]): Readable {
    // aedes only pipes it: without a listener an unreadable file would end the process.
    return Readable.from(this.#store.retained.matching(patterns)).on('error', this.#onError)
  }

  async addSubscriptions(client: SessionClient, wanted: readonly Wanted[]): Promise<void> {
    const { subscriptions } = this.#store
    const granted = wanted.filter((each) => this.#isGranted(each))
    // Of several with the same filter the last counts [MQTT-3.8.4-3].
    const byFilter = new Map(granted.map((each) => [each.topic, each]))
    const added = [...byFilter.values()].filter((each) => subscriptions.isNew(client.id, each))
    if (added.length === 0) return
    await this.#store.write(() => {
      for (const each of added) subscriptions.add(client.id, each)
    })
  }

  async removeSubscriptions(client: SessionClient, topics: readonly string[]): Promise<void> {
    await this.#store.write(() => {
      for (const topic of topics) this.#store.subscriptions.remove(client.id, topic)
    })
  }

  async subscriptionsByClient(client: SessionClient): Promise<Wanted[]> {
    return this.#store.subscriptions.of(client.id)
  }

  async subscriptionsByTopic(topic: string): Promise<Subscription[]> {
    return this.#store.subscriptions.match(topic)
  }

  /** A clean session begins: nothing of an earlier one may be left [MQTT-3.1.2-6]. */
  async cleanSubscriptions(client: SessionClient): Promise<void> {
    const { id } = client
    const known =
      this.#store.sessions.ownerOf(id) !== null || this.#store.subscriptions.of(id).length > 0
    if (known || this.#store.outgoing.count(id) > 0) await this.#store.endSession(id)
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return {
      subsCount: this.#store.subscriptions.size,
      clientsCount: this.#store.subscriptions.clients,
    }
  }

  outgoingEnqueue(subscription: { clientId: string }, packet: Publication): Promise<void> {
    return this.outgoingEnqueueCombi([subscription], packet)
  }

  async outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: Publication,
  ): Promise<void> {
    if (subscriptions.length === 0) return
    await this.#store.write(() => {
      for (const { clientId } of subscriptions) {
        this.#store.outgoing.enqueue(clientId, { ...packet, messageId: undefined })
      }
    })
  }

  /** Before a packet goes out (it has its id now), or when its PUBREC came in. */
  async outgoingUpdate(client: SessionClient, packet: Publication | Release): Promise<void> {
    await this.#store.write(() => {
      if (packet.cmd === 'pubrel') this.#store.outgoing.toRelease(client.id, packet.messageId)
      else this.#store.outgoing.assign(client.id, packet)
    })
    this.#backlogs?.sent(client, packet)
  }

  async outgoingClearMessageId(
    client: SessionClient,
    name: PacketName & { readonly topic?: string },
  ): Promise<Publication | Release | undefined> {
    const { messageId, topic } = name
    if (this.#store.outgoing.count(client.id) === 0) return undefined
    // One that was held back because the queue brings it has no id yet.
    const isHeldBack = messageId === undefined && topic !== undefined
    if (isHeldBack && this.#mayDeliver(client, topic)) return undefined
    return this.#store.write(() => this.#store.outgoing.remove(client.id, name))
  }

  outgoingStream(client: SessionClient): Readable {
    return Readable.from(this.#deliverable(client))
  }

  async *#deliverable(client: SessionClient): AsyncGenerator<Publication | Release> {
    const { outgoing } = this.#store
    let last: Publication | Release | null = null
    let lastCounter = 0
    let after = 0
    for (;;) {
      const page = outgoing.page(client.id, after)
      if (page.length === 0) break
      for (const { seq, packet } of page) {
        after = seq
        if (packet.cmd === 'publish' && packet.brokerId === this.broker?.id) {
          lastCounter = packet.brokerCounter
        }
        if (packet.cmd === 'pubrel' || this.#mayDeliver(client, packet.topic)) {
          last = packet
          yield this.#backlogs ? asRedelivery(packet) : packet
        } else {
          await this.#store.write(() => outgoing.remove(client.id, packet))
        }
      }
      if (last) await this.#backlogs?.whenSent(client, last)
    }
    this.#backlogs?.caughtUp(client, lastCounter)
  }

  async incomingStorePacket(client: SessionClient, packet: IncomingPacket): Promise<void> {
    // One that has gone comes back with another session: nobody would clean up after it.
    if (client.clean && client.closed) return
    if (client.clean) this.#store.incoming.store(client, packet)
    else await this.#store.write(() => this.#store.incoming.store(client, packet))
  }

  async incomingGetPacket(client: SessionClient, name: IncomingPacket): Promise<KeptPacket> {
    const packet = this.#store.incoming.get(client.id, name.messageId)
    if (!packet) throw new Error('no such packet')
    return packet
  }

  async incomingDelPacket(client: SessionClient, { messageId }: IncomingPacket): Promise<void> {
    const known = this.#store.incoming.get(client.id, messageId)
    if (!known) throw new Error('no such packet')
    const { mark } = known
    if (this.#store.incoming.isInFile(client.id, messageId)) {
      await this.#store.write(() => this.#store.incoming.delete(client.id, messageId))
    } else {
      this.#store.incoming.delete(client.id, messageId)
    }
    if (mark) this.#onReleased(mark)
  }

  async cleanIncoming(client: SessionClient): Promise<void> {
    if (this.#store.incoming.count(client.id) > 0)
      await this.#store.write(() => this.#store.incoming.clean(client.id))
  }

  async putWill(client: SessionClient, will: WillPacket): Promise<void> {
    will.brokerId = this.broker?.id ?? ''
    will.clientId = client.id
    await this.#store.write(() => this.#store.wills.put(client.id, will))
  }

  async getWill(client: SessionClient): Promise<WillPacket | undefined> {
    return this.#store.wills.get(client.id)
  }

  async delWill(client: SessionClient): Promise<WillPacket | undefined> {
    const will = this.#store.wills.get(client.id)
    if (will) await this.#store.write(() => this.#store.wills.delete(client.id))
    return will
  }

  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    return Readable.from(this.#store.wills.leftBehind(brokers))
  }

  getClientList(topic: string): Readable {
    return Readable.from(this.#store.subscriptions.clientsOf(topic))
  }

  async destroy(): Promise<void> {
    this.#store.close()
  }
}

/** What has an id was sent before, on an earlier connection [MQTT-3.3.1-1]. */
function asRedelivery(packet: Publication | Release): Publication | Release {
  if (packet.cmd === 'pubrel' || packet.messageId === undefined) return packet
  return { ...packet, dup: true }
}
