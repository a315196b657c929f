import type { IClientOptions, MqttClient } from 'mqtt'
import type { PacketMark } from '../context.ts'
import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { BrokerAddress } from './broker-address.ts'
import { type Backoff, Connection } from './connection.ts'
import { deferAcknowledgements, HeldPackets } from './deferred-ack.ts'
import { toIncoming } from './incoming.ts'
import type { IncomingMessage, Intake } from './message.ts'
import { SessionPackets } from './session-packets.ts'

/** How long a broker keeps the session of a client that is away (MQTT 5), in seconds. */
const SESSION_EXPIRY_SECONDS = 7 * 86_400
/** When a refused subscription is asked for again. */
const RESUBSCRIBE_MS = 30_000
/** Acknowledgements of the last turn leave before DISCONNECT does. */
const LAST_ACKS_MS = 20

/** A filter as the broker is asked for it, group and prefix included. */
export interface Subscription {
  readonly filter: string
  readonly qos: 0 | 1 | 2
}

export interface SubscriberOptions {
  readonly address: BrokerAddress
  readonly clientId: string
  readonly subscriptions: readonly Subscription[]
  /** Filters that the session may still hold and should not. */
  readonly unsubscribe: readonly string[]
  readonly prefix: string
  readonly only: IncomingMessage['only']
  readonly intake: Intake
  readonly onReleased: (mark: PacketMark) => void
  /** The broker should have had a session, and has none: what was parked in it is gone. */
  readonly onSessionLost: (clientId: string) => void
  /** Whether the broker should know the session already. */
  readonly sessionExpected: boolean
  readonly mayConnect: (after: { readonly takenOver: boolean }) => Promise<boolean>
  readonly backoff: Backoff
  readonly neighbours?: Set<Connection>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * One persistent session at the broker, and the connection to it. A message is
 * acknowledged when its intake has resolved; what was not acknowledged the
 * broker delivers again.
 */
export class Subscriber {
  readonly clientId: string
  readonly #options: SubscriberOptions
  readonly #log: Logger
  readonly #packets: SessionPackets
  readonly #connection: Connection
  readonly #ready = Promise.withResolvers<void>()
  #sessionExpected: boolean
  #subscriptions: readonly Subscription[]
  #unsubscribed: readonly string[]
  #only: IncomingMessage['only']
  #refused: readonly string[] = []
  #isSubscribed = false

  constructor(options: SubscriberOptions) {
    this.#options = options
    this.clientId = options.clientId
    this.#sessionExpected = options.sessionExpected
    this.#subscriptions = options.subscriptions
    this.#unsubscribed = options.unsubscribe
    this.#only = options.only
    this.#log = options.log.child({ clientId: options.clientId })
    this.#packets = new SessionPackets({
      clientId: options.clientId,
      onReleased: options.onReleased,
      intake: (packet, mark) =>
        options.intake(toIncoming(packet, { prefix: options.prefix, mark, only: this.#only })),
    })
    this.#connection = new Connection({
      ...options,
      session: (version) => this.#session(version),
      onClient: (client) => deferAcknowledgements(client, this.#packets),
      onConnected: (client, sessionPresent) => this.#onConnected(client, sessionPresent),
      onLost: () => {
        this.#isSubscribed = false
      },
    })
  }

  /** Resolves when it is subscribed for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get connection(): Connection {
    return this.#connection
  }

  /** For how long it has been connected and nothing has come, in milliseconds. */
  get quietMs(): number {
    const { connectedAt } = this.#connection
    if (connectedAt === null) return 0
    return Math.min(this.#packets.quietMs, performance.now() - connectedAt)
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed
  }

  start(): void {
    this.#connection.start()
  }

  /**
   * Takes nothing more, finishes and acknowledges what was taken, for at most
   * `deadlineMs`, and disconnects. The session stays, with all that was not done.
   */
  async stop(deadlineMs: number): Promise<void> {
    const drained = await this.#within(deadlineMs * 0.8, this.drain())
    await this.#connection.end({ force: !drained, withinMs: deadlineMs * 0.2 })
  }

  /** Takes nothing more; resolves when all that was taken is done and acknowledged. */
  async drain(): Promise<void> {
    await this.#packets.drain()
    await this.#pause(LAST_ACKS_MS)
  }

  /** Disconnects at once: somebody else has the session now. */
  abandon(): Promise<void> {
    void this.#packets.drain()
    return this.#connection.end({ force: true })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, resolve)
    })
  }

  status() {
    return {
      clientId: this.clientId,
      connected: this.#connection.connected,
      subscribed: this.#isSubscribed,
      url: this.#connection.url,
      version: this.#connection.version,
      inFlight: this.#packets.inFlight,
      refused: this.#refused,
    }
  }

  #session(version: 4 | 5): IClientOptions {
    return {
      clean: false,
      incomingStore: new HeldPackets(this.#packets),
      ...(version === 5 ? { properties: { sessionExpiryInterval: SESSION_EXPIRY_SECONDS } } : {}),
    }
  }

  #onConnected(client: MqttClient, sessionPresent: boolean): void {
    if (!sessionPresent) {
      this.#packets.forget()
      if (this.#sessionExpected) {
        this.#log.warn('the broker has lost our session, and the messages that it kept for us')
        this.#options.onSessionLost(this.clientId)
      }
    }
    this.#sessionExpected = true
    void this.#subscribe(client)
  }

  /** From now on it takes these filters and no others, on this connection and on later ones. */
  async change({ subscriptions, only }: Pick<SubscriberOptions, 'subscriptions' | 'only'>) {
    const wanted = new Set(subscriptions.map(({ filter }) => filter))
    const before = this.#subscriptions.map(({ filter }) => filter)
    const gone = [...this.#unsubscribed, ...before].filter((filter) => !wanted.has(filter))
    this.#unsubscribed = [...new Set(gone)]
    this.#subscriptions = subscriptions
    this.#only = only
    const { client } = this.#connection
    if (client !== null) await this.#subscribe(client)
  }

  async #subscribe(client: MqttClient): Promise<void> {
    if (client.serverProperties?.sharedSubscriptionAvailable === false) {
      this.#log.error('this broker has no shared subscriptions, which Belfry cannot do without')
    }
    const outcomes = await Promise.all(this.#subscriptions.map((each) => this.#ask(client, each)))
    // After that, so that a filter which moved to another session is never without one.
    await this.unsubscribe(this.#unsubscribed)
    if (this.#connection.client !== client) return
    this.#refused = outcomes.filter((filter) => filter !== null)
    this.#isSubscribed = this.#refused.length === 0
    if (this.#isSubscribed) this.#ready.resolve()
    else this.#options.clock.after(RESUBSCRIBE_MS, () => this.#subscribeAgain(client))
  }

  #subscribeAgain(client: MqttClient): void {
    if (this.#connection.client === client) void this.#subscribe(client)
  }

  /** Subscribes; answers with the filter when the broker refuses it. */
  async #ask(client: MqttClient, { filter, qos }: Subscription): Promise<string | null> {
    try {
      // rh 1: subscribing again on a new connection replays no retained messages.
      const [grant] = await client.subscribeAsync(filter, { qos, rh: 1 })
      const granted = grant?.qos ?? qos
      if (granted < qos) {
        this.#log.warn({ filter, qos, granted }, 'the broker grants less than the route asks for')
      }
      return null
    } catch (error) {
      if (this.#connection.client !== client) return null
      this.#log.error({ filter, reason: messageOf(error) }, 'the broker refuses a subscription')
      return filter
    }
  }

  /** Gives filters up; answers whether that was possible, which needs a connection. */
  async unsubscribe(filters: readonly string[]): Promise<boolean> {
    const { client } = this.#connection
    if (client === null) return false
    try {
      if (filters.length > 0) await client.unsubscribeAsync([...filters])
      return true
    } catch (error) {
      this.#log.warn({ filters, reason: messageOf(error) }, 'could not unsubscribe')
      return false
    }
  }

  /** Whether `work` was done within the time. */
  async #within(ms: number, work: Promise<void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const cancel = this.#options.clock.after(ms, () => resolve(false))
    void work.then(() => resolve(true))
    const isDone = await promise
    cancel()
    return isDone
  }
}
