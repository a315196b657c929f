import type { IPublishPacket, MqttClient } from 'mqtt'
import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { BrokerAddress } from './broker-address.ts'
import { type Backoff, Connection } from './connection.ts'
import { toIncoming } from './incoming.ts'
import type { IncomingMessage, Intake } from './message.ts'

/**
 * A broker sends what it keeps right after it has granted the subscription. What
 * was published just before is on its way to us as news, too, and must be first.
 */
const QUIET_MS = 1_000
/** A topic with news in each second is put right by its own next message. */
const MOST_ROUNDS = 10
const MOST_BYTES = 64 * 1024 * 1024
const CLOSE_MS = 500

interface KeptMessagesOptions {
  readonly address: BrokerAddress
  readonly clientId: string
  /** As it stands before topics. */
  readonly prefix: string
  readonly intake: Intake
  readonly backoff: Backoff
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Asks an external broker for what it keeps: by a session of its own that ends
 * at once, because shared subscriptions are sent no retained messages
 * [MQTT-4.8.2].
 */
export class KeptMessages {
  readonly #options: KeptMessagesOptions
  #sweep: Sweep | null = null
  /** How often something was asked of it: the last time counts. */
  #asked = 0

  constructor(options: KeptMessagesOptions) {
    this.#options = options
  }

  /** Begins to take every kept message of these filters in; a sweep that still runs ends. */
  async sweep(filters: readonly string[]): Promise<void> {
    const asked = ++this.#asked
    await this.#end()
    if (filters.length === 0 || asked !== this.#asked) return
    this.#sweep = new Sweep(filters, this.#options)
    this.#sweep.start()
  }

  async stop(): Promise<void> {
    this.#asked += 1
    await this.#end()
  }

  async #end(): Promise<void> {
    const sweep = this.#sweep
    this.#sweep = null
    await sweep?.stop()
  }
}

class Sweep {
  readonly #filters: readonly string[]
  readonly #options: KeptMessagesOptions
  readonly #connection: Connection
  /** By topic: what came after a kept message makes it old. */
  readonly #kept = new Map<string, IncomingMessage>()
  /** Topics whose kept message was handed in. */
  readonly #handedIn = new Set<string>()
  #rounds = 0
  #isHandingIn = false
  #bytes = 0
  #isStopped = false
  #cancel = () => {}

  constructor(filters: readonly string[], options: KeptMessagesOptions) {
    this.#filters = filters.map((filter) => options.prefix + filter)
    this.#options = options
    this.#connection = new Connection({
      ...options,
      clientId: `${options.clientId}-kept-${uuidv7().slice(-12)}`,
      session: () => ({ clean: true }),
      onClient: (client) => client.on('message', (_topic, _payload, packet) => this.#note(packet)),
      onConnected: (client) => void this.#ask(client),
    })
  }

  start(): void {
    this.#connection.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    this.#kept.clear()
    await this.#connection.end({ withinMs: CLOSE_MS })
  }

  async #ask(client: MqttClient): Promise<void> {
    try {
      // rh 0: here the kept messages are what it is for.
      await client.subscribeAsync([...this.#filters], { qos: 0, rh: 0 })
    } catch (error) {
      this.#options.log.warn({ reason: messageOf(error) }, 'the broker does not show what it keeps')
    }
    this.#handInSoon()
  }

  #note(packet: IPublishPacket): void {
    const { topic } = packet
    if (!packet.retain && !this.#handedIn.has(topic)) {
      this.#kept.delete(topic)
      return
    }
    const { prefix, log } = this.#options
    const message = toIncoming(packet, { prefix, mark: null, only: null })
    this.#bytes += message.payload.length + topic.length
    // News of a topic that was handed in may have been taken before that: it is handed in
    // too, and so is the last one in any case. Whoever took it last takes it for known.
    if (this.#bytes <= MOST_BYTES) this.#kept.set(topic, { ...message, retained: true })
    else log.warn({ topic }, 'the broker keeps too much: this is not taken')
    if (packet.retain) this.#handInSoon()
  }

  #handInSoon(): void {
    this.#cancel()
    if (this.#isStopped || this.#isHandingIn) return
    this.#cancel = this.#options.clock.after(QUIET_MS, () => void this.#round())
  }

  /** Hands in what there is, and looks once more whether there was news meanwhile. */
  async #round(): Promise<void> {
    const isLast = this.#kept.size === 0 || ++this.#rounds >= MOST_ROUNDS
    this.#isHandingIn = true
    await this.#handIn()
    this.#isHandingIn = false
    if (isLast) await this.stop()
    else this.#handInSoon()
  }

  async #handIn(): Promise<void> {
    const { intake, log } = this.#options
    try {
      for (const [topic, message] of [...this.#kept]) {
        if (this.#kept.get(topic) !== message) continue
        this.#kept.delete(topic)
        this.#handedIn.add(topic)
        await intake(message)
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'what the broker keeps could not be taken')
    }
  }
}
