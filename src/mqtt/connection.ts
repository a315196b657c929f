import { connect, type IClientOptions, type MqttClient, ReasonCodes } from 'mqtt'
import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import { type BrokerAddress, targetOptions, withoutCredentials } from './broker-address.ts'
import { DEFERRED } from './deferred-ack.ts'

const KEEPALIVE_SECONDS = 30
const CONNECT_TIMEOUT_MS = 10_000
/** A connection that lasted this long starts its back-off anew. */
const STABLE_MS = 10_000
/** A broker that does not close its side after DISCONNECT is not waited for longer. */
const CLOSE_MS = 2_000
/** So many connections in a row that stood and were cut soon: somebody may be taking them from us. */
const SUSPICIOUS_CUTS = 4
const VERSION_REFUSED = [1, 132]
const SESSION_TAKEN_OVER = 142
const REASONS: Readonly<Record<number, string>> = ReasonCodes

export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
}

export const RECONNECT: Backoff = { minMs: 1_000, maxMs: 30_000 }

export interface ConnectionOptions {
  readonly address: BrokerAddress
  readonly clientId: string
  /** Session, will and stores; what they say of the session may depend on the version. */
  readonly session: (version: 4 | 5) => IClientOptions
  readonly backoff: Backoff
  readonly clock: Clock
  readonly log: Logger
  /** Asked before each attempt, for it may take the client id from somebody; `false` ends it. */
  readonly mayConnect?: (after: { readonly takenOver: boolean }) => Promise<boolean>
  /** A new client, before it has read anything: one for each attempt. */
  readonly onClient?: (client: MqttClient) => void
  readonly onConnected: (client: MqttClient, sessionPresent: boolean) => void
  readonly onLost?: () => void
  /** Others to the same broker: when one gets through, those that were refused try at once. */
  readonly neighbours?: Set<Connection>
}

/**
 * A connection that comes back: MQTT 5, or 3.1.1 where a broker refuses that;
 * one URL after the other; between the rounds a pause with full jitter. Every
 * attempt is a new mqtt.js client, so nothing of an old connection lives on.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #log: Logger
  readonly #versions = new Map<string, 4 | 5>()
  #client: MqttClient | null = null
  #connectedAt: number | null = null
  #attempts = 0
  #takenOver = false
  #cuts = 0
  #isRefused = false
  #ended = false
  #wake: () => void = () => undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#log = options.log.child({ clientId: options.clientId })
  }

  get connected(): boolean {
    return this.#connectedAt !== null
  }

  /** Since when it stands (`performance.now()`); `null` without a connection. */
  get connectedAt(): number | null {
    return this.#connectedAt
  }

  /** The client of the connection that stands; `null` without one. */
  get client(): MqttClient | null {
    return this.connected ? this.#client : null
  }

  get version(): 4 | 5 {
    return this.#versions.get(this.#url) ?? 5
  }

  /** Where it is connected, or tries to be; without credentials. */
  get url(): string {
    return withoutCredentials(this.#url)
  }

  /** Connects, and goes on doing so until `end()`. */
  start(): void {
    this.#options.neighbours?.add(this)
    this.#run().catch((error: unknown) => {
      this.#log.error({ err: error }, 'the connection to the broker gave up')
    })
  }

  /**
   * Disconnects for good, and waits for the broker to close its side, `withinMs` at
   * most. `force` sends no DISCONNECT, so the broker publishes the will.
   */
  async end(
    options: { force?: boolean; properties?: object; withinMs?: number } = {},
  ): Promise<void> {
    this.#ended = true
    this.#options.neighbours?.delete(this)
    this.#wake()
    const client = this.#client
    if (client === null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const force = options.force === true || !client.connected
    const cancel = this.#options.clock.after(options.withinMs ?? CLOSE_MS, () => {
      client.stream.destroy()
      resolve()
    })
    client.end(force, options.properties ? { properties: options.properties } : {}, () => resolve())
    await promise
    cancel()
  }

  get #url(): string {
    const { urls } = this.#options.address
    return urls[this.#attempts % urls.length]!
  }

  async #run(): Promise<void> {
    while (!this.#ended && (await this.#mayConnect())) {
      if (this.#ended) return
      const loss = await this.#attempt()
      if (this.#ended) return
      if (this.version === 5 && loss.code !== null && VERSION_REFUSED.includes(loss.code)) {
        this.#log.info({ url: this.url }, 'the broker refuses MQTT 5; going on with 3.1.1')
        this.#versions.set(this.#url, 4)
        continue
      }
      const { url } = this
      this.#attempts = loss.lastedMs >= STABLE_MS ? 0 : this.#attempts + 1
      this.#isRefused = loss.lastedMs === 0
      this.#countCuts(loss)
      const waitMs = this.#waitMs()
      this.#log.warn({ url, reason: loss.reason, retryInMs: waitMs }, 'not connected to the broker')
      await this.#pause(waitMs)
    }
  }

  /** Brokers such as Mosquitto 2.0 do not tell a client that another one has its id now. */
  #countCuts({ lastedMs }: Loss): void {
    this.#cuts = lastedMs > 0 && lastedMs < STABLE_MS ? this.#cuts + 1 : 0
    if (this.#cuts !== SUSPICIOUS_CUTS) return
    this.#log.error(
      { url: this.url },
      'the broker cuts our connection again and again; if somebody else uses our client id, set MQTT_CLIENT_ID',
    )
  }

  async #mayConnect(): Promise<boolean> {
    const takenOver = this.#takenOver
    this.#takenOver = false
    return (await this.#options.mayConnect?.({ takenOver })) ?? true
  }

  /** One client from its start to its end. */
  async #attempt(): Promise<Loss> {
    const loss: Loss = { code: null, reason: 'the connection was closed', lastedMs: 0 }
    try {
      const client = this.#open()
      await this.#watch(client, loss)
      // Its timers end too; the stream is closed already.
      client.end(true)
    } catch (error) {
      loss.reason = messageOf(error)
    }
    if (this.#connectedAt !== null) {
      loss.lastedMs = performance.now() - this.#connectedAt
      this.#connectedAt = null
      this.#options.onLost?.()
    }
    return loss
  }

  #open(): MqttClient {
    const { address, clientId, session, onClient } = this.#options
    const client = connect({
      ...targetOptions(this.#url, address),
      ...session(this.version),
      clientId,
      protocolVersion: this.version,
      keepalive: KEEPALIVE_SECONDS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      // Some twenty calls a message that would say nothing.
      log: () => undefined,
    })
    this.#client = client
    onClient?.(client)
    return client
  }

  /** Resolves when the client's stream is closed. */
  #watch(client: MqttClient, loss: Loss): Promise<void> {
    client.on('error', (error) => {
      if (error === DEFERRED) return
      loss.reason = messageOf(error)
      if ('code' in error && typeof error.code === 'number') loss.code = error.code
    })
    client.on('disconnect', ({ reasonCode }) => {
      this.#takenOver = reasonCode === SESSION_TAKEN_OVER
      loss.reason = `the broker disconnected us: ${REASONS[reasonCode ?? 0] ?? reasonCode}`
    })
    client.on('connect', ({ sessionPresent }) => {
      this.#connectedAt = performance.now()
      this.#log.info({ url: this.url, version: this.version }, 'connected to the broker')
      this.#isRefused = false
      this.#options.onConnected(client, sessionPresent)
      for (const other of this.#options.neighbours ?? []) if (other.#isRefused) other.#wake()
    })
    return new Promise((resolve) => client.on('close', resolve))
  }

  /** Within a round of URLs hardly any; between rounds longer and longer, with full jitter. */
  #waitMs(): number {
    const { urls } = this.#options.address
    if (this.#attempts % urls.length !== 0) return 50
    const { minMs, maxMs } = this.#options.backoff
    const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(16, 1 + this.#attempts / urls.length))
    return Math.round(minMs + Math.random() * (ceiling - minMs))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}

interface Loss {
  /** The reason code of a refused CONNECT. */
  code: number | null
  reason: string
  /** How long it had been connected. */
  lastedMs: number
}
