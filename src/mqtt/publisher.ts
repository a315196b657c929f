import type { IClientOptions, MqttClient } from 'mqtt'
import type { Clock } from '../support/clock.ts'
import { Forbidden, InvalidPayload, messageOf, TooLarge, Unavailable } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { BrokerAddress } from './broker-address.ts'
import { type Backoff, Connection, RECONNECT } from './connection.ts'
import type { Publisher } from './message.ts'
import { topicPrefix, whyNotPublishable } from './topic-name.ts'

export interface MqttPublisherOptions {
  readonly address: BrokerAddress
  readonly clientId: string
  /** Names this process in `belfry/status/<node>`. */
  readonly node: string
  readonly prefix: string
  readonly clock: Clock
  readonly log: Logger
  readonly backoff?: Backoff
  /** Most messages that wait for the broker. */
  readonly maxQueued?: number
}

type PublishOptions = NonNullable<Parameters<Publisher['publish']>[2]>

interface Outgoing {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly correlationData: Buffer | null
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  /** How many connections broke while it was on its way. */
  losses: number
}

const MAX_QUEUED = 10_000
const MAX_QUEUED_BYTES = 64 * 1024 * 1024
/** Most messages on their way at once, where the broker allows more. */
const WINDOW = 1_000
/** 3.1.1 has no way to say it: beyond 20, Mosquitto drops QoS 2 messages and says nothing. */
const QOS2_WINDOW = 20
/** After this many broken connections a message travels alone, to spare the others. */
const SUSPECT_LOSSES = 2
const POISON_LOSSES = 4
/** What a PUBLISH adds to topic and payload, at most. */
const PACKET_OVERHEAD = 128

/**
 * Publishes over a connection of its own, so that waiting for the broker never
 * holds up what comes in. Messages wait while the broker is away, and are sent
 * again when a connection broke before they were acknowledged: at least once
 * for QoS 1 and 2. Announces the process as `online`, and by its will `offline`.
 */
export class MqttPublisher implements Publisher {
  readonly #options: MqttPublisherOptions
  readonly #prefix: string
  readonly #connection: Connection
  #waiting: Outgoing[] = []
  readonly #onTheWay = new Set<Outgoing>()
  #bytes = 0
  #isStopped = false
  #drained: PromiseWithResolvers<void> | null = null

  constructor(options: MqttPublisherOptions) {
    this.#options = options
    this.#prefix = topicPrefix(options.prefix)
    this.#connection = new Connection({
      ...options,
      backoff: options.backoff ?? RECONNECT,
      session: () => this.#session(),
      onConnected: (client) => {
        client.publish(this.#statusTopic, 'online', { qos: 1, retain: true })
        this.#pump()
      },
      onLost: () => this.#recall(),
    })
  }

  get connected(): boolean {
    return this.#connection.connected
  }

  start(): void {
    this.#connection.start()
  }

  publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    const fullTopic = `${this.#prefix}${topic}`
    const fault = whyNotPublishable(fullTopic)
    if (fault !== null) {
      const shown = JSON.stringify(topic.slice(0, 256))
      return Promise.reject(new InvalidPayload(`The topic ${shown} ${fault}.`))
    }
    if (this.#isStopped) return Promise.reject(new Unavailable('The publisher has stopped.'))
    const bytes = Buffer.byteLength(payload)
    const isFull = this.#waiting.length >= (this.#options.maxQueued ?? MAX_QUEUED)
    if (isFull || this.#bytes + bytes > MAX_QUEUED_BYTES) {
      return Promise.reject(new Unavailable('Too many messages wait for the broker.'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#bytes += bytes
    this.#waiting.push({
      topic: fullTopic,
      payload,
      qos: options.qos ?? 1,
      retain: options.retain ?? false,
      correlationData: options.correlationData ?? null,
      resolve,
      reject,
      losses: 0,
    })
    this.#pump()
    return promise.finally(() => {
      this.#bytes -= bytes
    })
  }

  /** Sends what waits, for at most `deadlineMs`, says `offline` and disconnects. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true
    this.#drained = Promise.withResolvers()
    this.#pump()
    await this.#within(deadlineMs * 0.6, this.#drained.promise)
    const { client } = this.#connection
    if (client !== null) {
      const said = Promise.withResolvers<void>()
      client.publish(this.#statusTopic, 'offline', { qos: 1, retain: true }, () => said.resolve())
      await this.#within(deadlineMs * 0.2, said.promise)
    }
    await this.#connection.end({ withinMs: deadlineMs * 0.2 })
    for (const message of [...this.#onTheWay, ...this.#waiting]) {
      message.reject(new Unavailable('The publisher has stopped.'))
    }
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#options.clock.after(ms, resolve)
    await Promise.race([work, promise])
    cancel()
  }

  status() {
    return {
      clientId: this.#options.clientId,
      connected: this.#connection.connected,
      url: this.#connection.url,
      version: this.#connection.version,
      queued: this.#waiting.length,
      onTheWay: this.#onTheWay.size,
    }
  }

  get #statusTopic(): string {
    return `${this.#prefix}belfry/status/${this.#options.node.replace(/[^\w.:-]/g, '-')}`
  }

  #session(): IClientOptions {
    const payload = Buffer.from('offline')
    return { clean: true, will: { topic: this.#statusTopic, payload, qos: 1, retain: true } }
  }

  #pump(): void {
    const { client } = this.#connection
    let sent = 0
    if (client !== null) {
      while (sent < this.#waiting.length && this.#fits(client, this.#waiting[sent]!)) {
        this.#send(client, this.#waiting[sent]!)
        sent += 1
      }
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent)
    if (this.#waiting.length === 0 && this.#onTheWay.size === 0) this.#drained?.resolve()
  }

  #fits(client: MqttClient, next: Outgoing): boolean {
    if (this.#onTheWay.size === 0) return true
    if (next.losses >= SUSPECT_LOSSES || this.#isSuspectOnTheWay()) return false
    const allowed = client.serverProperties?.receiveMaximum ?? WINDOW
    if (this.#onTheWay.size >= Math.min(allowed, WINDOW)) return false
    return next.qos < 2 || this.#onTheWay.size < QOS2_WINDOW
  }

  #isSuspectOnTheWay(): boolean {
    const [first] = this.#onTheWay
    return first !== undefined && first.losses >= SUSPECT_LOSSES
  }

  #send(client: MqttClient, message: Outgoing): void {
    const { topic, payload, qos, retain, correlationData } = message
    const most = client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY
    if (Buffer.byteLength(topic) + Buffer.byteLength(payload) + PACKET_OVERHEAD > most) {
      message.reject(new TooLarge(`The broker takes no packet larger than ${most} bytes.`))
      return
    }
    this.#onTheWay.add(message)
    const properties = correlationData === null ? {} : { properties: { correlationData } }
    client.publish(topic, payload, { qos, retain, ...properties }, (error) => {
      const reasonCode = error && 'code' in error ? Number(error.code) : null
      // Without a reason code the connection broke, and `#recall` sees to it.
      if (error && !(reasonCode !== null && reasonCode >= 128)) return
      if (!this.#onTheWay.delete(message)) return
      if (reasonCode === null) message.resolve()
      else message.reject(refusal(reasonCode, topic, error))
      this.#pump()
    })
  }

  /** What was on its way when the connection broke goes first on the next one. */
  #recall(): void {
    const again: Outgoing[] = []
    for (const message of this.#onTheWay) {
      message.losses += 1
      if (message.losses < POISON_LOSSES) again.push(message)
      else {
        const { topic } = message
        this.#options.log.error({ topic }, 'the broker breaks the connection over a message')
        message.reject(new Unavailable(`The broker breaks the connection over ${topic}.`))
      }
    }
    this.#onTheWay.clear()
    this.#waiting = [...again, ...this.#waiting]
  }
}

/** Reason codes of PUBACK and PUBREC in MQTT 5 (§2.4). */
function refusal(reasonCode: number, topic: string, cause: unknown): Error {
  const message = `The broker refuses ${topic}: ${messageOf(cause)}.`
  if (reasonCode === 135) return new Forbidden(message, { cause })
  if (reasonCode === 144 || reasonCode === 153) return new InvalidPayload(message, [], { cause })
  return new Unavailable(message, { cause })
}
