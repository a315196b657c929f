import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes'
import type { MQEmitter } from 'mqemitter'
import type { BrokerStore, Incoming } from './broker-store.ts'
import { bytesOf, type Publication } from './packets.ts'

type Done = (error?: Error) => void
type Source = Pick<PublishPacket, 'topic' | 'payload' | 'qos' | 'retain' | 'dup'>

interface Entry {
  readonly packet: Publication
  readonly bytes: number
  state: 'storing' | 'ready' | 'failed'
}

/** Who published a packet, and which QoS 2 packet of his it was. */
export interface Origin {
  readonly clientId?: string
  readonly incoming?: Incoming
}

/** So much may be under way to subscribers before publishers have to wait. */
const MAX_UNDELIVERED = { messages: 2000, bytes: 64 * 1024 * 1024 }

/**
 * aedes with another `publish`. aedes stores and emits every packet on its own,
 * so that one that needs no storing overtakes one that does, and a subscriber
 * then takes the overtaken one for a duplicate (its counter is lower) and drops
 * it. Here packets are emitted in the order in which they came, each when it is
 * stored; and `take` lets the publish hook wait for that before it acknowledges.
 */
export class OrderedBroker extends Aedes {
  readonly #store: BrokerStore
  readonly #emitter: MQEmitter
  readonly #line: Entry[] = []
  readonly #taken = new WeakSet<object>()
  readonly #waiting: (() => void)[] = []
  #undelivered = 0
  #undeliveredBytes = 0

  constructor(store: BrokerStore, options: AedesOptions & { readonly mq: MQEmitter }) {
    super(options)
    this.#store = store
    this.#emitter = options.mq
  }

  /** Resolves when subscribers have caught up enough for another packet; `null`: they have. */
  room(): Promise<void> | null {
    if (!this.#isCongested()) return null
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Passes a packet on; resolves once it is stored for those who are away. */
  take(source: Source, origin: Origin = {}): Promise<void> | null {
    this.#taken.add(source)
    const packet = this.#named(source, origin.clientId)
    const entry: Entry = { packet, bytes: bytesOf(packet.payload), state: 'storing' }
    this.#undelivered += 1
    this.#undeliveredBytes += entry.bytes
    this.#line.push(entry)
    const stored = this.#store.keep(packet, origin.incoming ?? null)
    if (!stored) {
      this.#settle(entry, 'ready')
      return null
    }
    return stored.then(
      () => this.#settle(entry, 'ready'),
      (error: unknown) => {
        this.#settle(entry, 'failed')
        throw error
      },
    )
  }

  /** Has a packet acknowledged and nothing else: nobody gets it and nothing is kept. */
  drop(packet: object): void {
    this.#taken.add(packet)
  }

  override publish(source: PublishPacket, client: Client | null | Done, done?: Done): void {
    const settle = typeof client === 'function' ? client : (done ?? (() => {}))
    const clientId = client && typeof client !== 'function' ? { clientId: client.id } : {}
    const stored = this.#taken.has(source) ? null : this.take(source, clientId)
    if (stored) stored.then(() => settle(), settle)
    else settle()
  }

  #named(source: Source, clientId: string | undefined): Publication {
    const numbered = this as unknown as { counter: number }
    const { topic, payload, qos, retain, dup } = source
    const packet: Publication = {
      cmd: 'publish',
      brokerId: this.id,
      brokerCounter: ++numbered.counter,
      topic,
      payload: payload ?? '',
      qos: qos ?? 0,
      retain: retain ?? false,
      dup: dup ?? false,
      messageId: undefined,
    }
    if (clientId !== undefined) packet.clientId = clientId
    return packet
  }

  #settle(entry: Entry, state: 'ready' | 'failed'): void {
    entry.state = state
    while (this.#line.length > 0 && this.#line[0]!.state !== 'storing') {
      const first = this.#line.shift()!
      if (first.state === 'failed') this.#delivered(first)
      else this.#emitter.emit(first.packet, () => this.#delivered(first))
    }
  }

  #delivered(entry: Entry): void {
    this.#undelivered -= 1
    this.#undeliveredBytes -= entry.bytes
    while (this.#waiting.length > 0 && !this.#isCongested()) this.#waiting.shift()!()
  }

  #isCongested(): boolean {
    return (
      this.#undelivered >= MAX_UNDELIVERED.messages ||
      this.#undeliveredBytes >= MAX_UNDELIVERED.bytes
    )
  }
}
