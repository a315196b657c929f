import type { Redis } from 'ioredis'
import { messageOf } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'

/** A line without traffic is asked for a sign of life, so that a dead one is found. */
const HEARTBEAT_MS = 10_000
/** When what the server refused for now is asked for again. */
const AGAIN_MS = 2_000

/** Where channels are subscribed: on the one server, or on the nodes of a cluster. */
export interface Subscriptions {
  add(channel: string): Promise<void>
  remove(channel: string): Promise<void>
  close(): void
}

/** What a bus does with what its subscriptions report. */
export interface BusEvents {
  readonly onMessage: (channel: string, message: string) => void
  readonly onGap: () => void
}

export interface SubscriberParts {
  readonly client: Redis
  /** Sharded channels (`SSUBSCRIBE`), which live on one node of a cluster. */
  readonly sharded: boolean
  readonly log: Logger
  readonly onMessage: (channel: string, message: string) => void
  /** The connection was away and its channels are subscribed again. */
  readonly onReturn: () => void
  /** The node says that a channel has moved to another one. */
  readonly onMoved: () => void
}

/** The subscriptions of one connection, which are made again whenever it comes back. */
export class Subscriber implements Subscriptions {
  readonly #parts: SubscriberParts
  readonly #channels = new Set<string>()
  /** What the server refused to subscribe. */
  readonly #refused = new Set<string>()
  readonly #heartbeat: NodeJS.Timeout
  #again: NodeJS.Timeout | undefined
  #wasReady = false
  /** Resolves when the connection was ready once and its channels were subscribed. */
  readonly #opened: Promise<void>

  constructor(parts: SubscriberParts) {
    this.#parts = parts
    const { client, sharded, log, onMessage, onMoved } = parts
    client.on(sharded ? 'smessage' : 'message', onMessage)
    client.on('moved', onMoved)
    client.on('error', (error) => log.debug({ err: error }, 'a subscription connection failed'))
    this.#opened = new Promise((resolve) => {
      client.on('ready', () => void this.#restore().then(resolve))
    })
    this.#heartbeat = setInterval(() => this.#ask(), HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  get channels(): ReadonlySet<string> {
    return this.#channels
  }

  /**
   * Subscribes, or sees to it that the channel is subscribed as soon as the
   * connection is back; waits for a connection that was never there.
   */
  async add(channel: string): Promise<void> {
    this.#channels.add(channel)
    if (!this.#wasReady) return this.#opened
    if (this.#parts.client.status === 'ready') await this.#subscribe(channel)
  }

  async remove(channel: string): Promise<void> {
    this.#channels.delete(channel)
    this.#refused.delete(channel)
    const { client, sharded, log } = this.#parts
    if (client.status !== 'ready') return
    try {
      await client.call(sharded ? 'sunsubscribe' : 'unsubscribe', channel)
    } catch (error) {
      log.debug({ err: error, channel }, 'a subscription was not ended; its messages are dropped')
    }
  }

  close(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#again)
    this.#parts.client.disconnect()
  }

  async #restore(): Promise<void> {
    const isReturn = this.#wasReady
    this.#refused.clear()
    this.#wasReady = true
    await Promise.all([...this.#channels].map((channel) => this.#subscribe(channel)))
    if (isReturn) this.#parts.onReturn()
  }

  async #subscribe(channel: string): Promise<void> {
    const { client, sharded, log } = this.#parts
    try {
      await client.call(sharded ? 'ssubscribe' : 'subscribe', channel)
      this.#refused.delete(channel)
    } catch (error) {
      log.warn({ channel, reason: messageOf(error) }, 'a channel is not subscribed for now')
      if (this.#channels.has(channel)) this.#askAgain(channel)
    }
  }

  /** Once the connection is there all are subscribed anew; what moved is given to its new owner. */
  #askAgain(channel: string): void {
    this.#refused.add(channel)
    this.#again ??= setTimeout(() => void this.#retry(), AGAIN_MS).unref()
  }

  async #retry(): Promise<void> {
    this.#again = undefined
    const asked = [...this.#refused]
    if (this.#parts.client.status !== 'ready') return
    await Promise.all(asked.map((channel) => this.#subscribe(channel)))
    if (asked.some((channel) => this.#channels.has(channel) && !this.#refused.has(channel))) {
      this.#parts.onReturn()
    }
  }

  #ask(): void {
    // A missing answer makes the client cut the line and connect anew.
    if (this.#parts.client.status === 'ready') this.#parts.client.ping().catch(() => undefined)
  }
}
