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

  constructor(options: KeptMessagesOptions) {
    this.#options = options
  }

  /** Begins to take every kept message of these filters in; a sweep that still runs ends. */
  async sweep(filters: readonly string[]): Promise<void> {
    await this.stop()
    if (filters.length === 0) return
    this.#sweep = new Sweep(filters, this.#options)
    this.#sweep.start()
  }

  async stop(): Promise<void> {
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
    if (!packet.retain) {
      this.#kept.delete(packet.topic)
      return
    }
    const { prefix, log } = this.#options
    const message = toIncoming(packet, { prefix, mark: null, only: null })
    this.#bytes += message.payload.length + packet.topic.length
    if (this.#bytes <= MOST_BYTES) this.#kept.set(packet.topic, message)
    else log.warn({ topic: packet.topic }, 'the broker keeps too much: this is not taken')
    this.#handInSoon()
  }

  #handInSoon(): void {
    this.#cancel()
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(QUIET_MS, () => void this.#handIn())
  }

  async #handIn(): Promise<void> {
    const { intake, log } = this.#options
    try {
      for (const [topic, message] of this.#kept) {
        this.#kept.delete(topic)
        await intake(message)
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'what the broker keeps could not be taken')
    }
    await this.stop()
  }
}
