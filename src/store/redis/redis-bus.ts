import { partitionOf } from '../../support/ids.ts'
import type { Logger } from '../../support/logger.ts'
import type { Bus } from '../bus.ts'
import { connectCluster, connectNode, subscriberOf, whenReady } from './connect-redis.ts'
import { Layout } from './layout.ts'
import type { RedisConfig } from './redis-config.ts'
import { RedisConnection } from './redis-connection.ts'
import { redisFailure } from './redis-failure.ts'
import { ShardedSubscribers } from './sharded-subscribers.ts'
import { type BusEvents, Subscriber, type Subscriptions } from './subscriber.ts'

export interface RedisBusOptions {
  readonly log: Logger
  /** How long to wait for the first connections. Default: 10 000. */
  readonly deadlineMs?: number
}

const ANNOUNCE = "for n = 2, #ARGV do redis.call('publish', ARGV[n], ARGV[1]) end"

/** Of one channel, how many of our own messages may be on their way back to us. */
const MOST_ECHOES = 1000

interface Channel {
  readonly listeners: Set<(message: string) => void>
  /** Settled when the channel is subscribed, for whoever joins meanwhile. */
  readonly subscribed: Promise<void>
  /** Our own messages that the server will bring back; the listeners have them already. */
  echoes: string[]
  isSubscribed: boolean
}

/**
 * Messages between processes by Redis pub/sub; on a Cluster by its sharded kind,
 * so that a message goes through one node only. Listeners of the process that
 * publishes hear it at once and not a second time when the server brings it back.
 * After a lost connection all channels are subscribed again, and then the gap is
 * reported.
 */
export class RedisBus implements Bus {
  readonly #publisher: RedisConnection
  readonly #subscriptions: Subscriptions
  readonly #command: 'publish' | 'spublish'
  readonly #nameOf: (channel: string) => string
  readonly #channels = new Map<string, Channel>()
  readonly #gapListeners: (() => void)[] = []

  private constructor(
    publisher: RedisConnection,
    config: RedisConfig,
    subscribe: (events: BusEvents) => Subscriptions,
  ) {
    this.#publisher = publisher
    this.#command = config.mode === 'cluster' ? 'spublish' : 'publish'
    this.#nameOf = channelNames(config)
    this.#subscriptions = subscribe({
      onMessage: (name, message) => this.#deliver(name, message),
      onGap: () => {
        for (const channel of this.#channels.values()) channel.echoes = []
        for (const listener of this.#gapListeners) listener()
      },
    })
  }

  /** Connects; rejects with `Unavailable` when Redis cannot be reached in time. */
  static async connect(config: RedisConfig, options: RedisBusOptions): Promise<RedisBus> {
    const { log, deadlineMs = 10_000 } = options
    const publishing = { log, name: 'belfry-publisher', deadlineMs }
    const subscribing = { log, name: 'belfry-subscriber', deadlineMs }
    if (config.mode === 'cluster') {
      const cluster = await connectCluster(config, publishing)
      const open = (events: BusEvents) =>
        new ShardedSubscribers(cluster, config, subscribing, events)
      return new RedisBus(new RedisConnection(cluster), config, open)
    }
    const publisher = new RedisConnection(await connectNode(config, publishing))
    const client = subscriberOf(config, subscribing)
    const open = ({ onMessage, onGap }: BusEvents) => {
      const onMoved = () => undefined
      return new Subscriber({ client, sharded: false, log, onMessage, onReturn: onGap, onMoved })
    }
    const bus = new RedisBus(publisher, config, open)
    try {
      await whenReady(client, config, subscribing)
    } catch (error) {
      await bus.close()
      throw error
    }
    return bus
  }

  async publish(channel: string, message: string): Promise<void> {
    const name = this.#nameOf(channel)
    const entry = this.#channels.get(name)
    if (entry?.isSubscribed) {
      entry.echoes.push(message)
      if (entry.echoes.length > MOST_ECHOES) entry.echoes.shift()
      queueMicrotask(() => tell(entry, message))
    }
    // Our own clients are written to first: that costs less than handing it to the server.
    await new Promise(setImmediate)
    try {
      await this.#publisher.call(this.#command, name, message)
    } catch (error) {
      if (entry) isEcho(entry, message)
      throw error
    }
  }

  /**
   * Publishes on channels of exactly these names, for listeners that are none of
   * ours, all in one step; on a Cluster by ordinary pub/sub, which any node takes.
   */
  async announce(channels: readonly string[], message: string): Promise<void> {
    await this.#publisher.runAnywhere(ANNOUNCE, [message, ...channels])
  }

  async subscribe(
    channel: string,
    listener: (message: string) => void,
  ): Promise<() => Promise<void>> {
    const name = this.#nameOf(channel)
    const entry = this.#channels.get(name) ?? this.#open(name)
    // One function may listen twice; each subscription ends on its own.
    const own = (message: string) => listener(message)
    entry.listeners.add(own)
    await entry.subscribed
    return async () => {
      if (!entry.listeners.delete(own) || entry.listeners.size > 0) return
      if (this.#channels.get(name) !== entry) return
      this.#channels.delete(name)
      await this.#subscriptions.remove(name)
    }
  }

  onGap(listener: () => void): void {
    this.#gapListeners.push(listener)
  }

  async close(): Promise<void> {
    this.#channels.clear()
    this.#subscriptions.close()
    await this.#publisher.close()
  }

  #open(name: string): Channel {
    const subscribed = this.#subscriptions.add(name).then(
      () => {
        entry.isSubscribed = true
      },
      (error) => {
        if (this.#channels.get(name) === entry) this.#channels.delete(name)
        throw redisFailure(error)
      },
    )
    const entry: Channel = { listeners: new Set(), subscribed, echoes: [], isSubscribed: false }
    this.#channels.set(name, entry)
    return entry
  }

  #deliver(name: string, message: string): void {
    const entry = this.#channels.get(name)
    if (entry && !isEcho(entry, message)) tell(entry, message)
  }
}

function tell({ listeners }: Channel, message: string): void {
  for (const listener of Array.from(listeners)) listener(message)
}

/** Whether it is one of our own, which then is expected no more: nearly always the oldest. */
function isEcho({ echoes }: Channel, message: string): boolean {
  const at = echoes.indexOf(message)
  if (at >= 0) echoes.splice(at, 1)
  return at >= 0
}

/** Channels belong to a server as a whole: prefix and database keep installations apart. */
function channelNames(config: RedisConfig): (channel: string) => string {
  const layout = new Layout(config)
  const database = config.db === 0 ? '' : `db${config.db}:`
  return (channel) => {
    const partition = partitionOf(channel, config.partitions)
    return `${layout.start(partition)}${database}bus:${channel}`
  }
}
