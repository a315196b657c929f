import type { Cluster } from 'ioredis'
import { messageOf } from '../../support/errors.ts'
import { type ConnectOptions, subscriberOf } from './connect-redis.ts'
import { Layout } from './layout.ts'
import type { RedisConfig } from './redis-config.ts'
import { type BusEvents, Subscriber, type Subscriptions } from './subscriber.ts'

/** How often to look whether channels have got another owner (failover, moved slots). */
const RECONCILE_MS = 2_000

/**
 * Sharded subscriptions: each channel on the node that owns its slot, one
 * connection per node that has channels. Channels follow their slots.
 */
export class ShardedSubscribers implements Subscriptions {
  readonly #cluster: Cluster
  readonly #config: RedisConfig
  readonly #options: ConnectOptions
  readonly #events: BusEvents
  readonly #layout: Layout
  readonly #nodes = new Map<string, Subscriber>()
  /** Channel → address of the node where it is subscribed. */
  readonly #owners = new Map<string, string>()
  readonly #slots = new Map<number, Promise<number>>()
  readonly #timer: NodeJS.Timeout

  constructor(cluster: Cluster, config: RedisConfig, options: ConnectOptions, events: BusEvents) {
    this.#cluster = cluster
    this.#config = config
    this.#options = options
    this.#events = events
    this.#layout = new Layout(config)
    this.#timer = setInterval(() => void this.#reconcile(), RECONCILE_MS)
    this.#timer.unref()
  }

  async add(channel: string): Promise<void> {
    const owner = await this.#ownerOf(channel)
    this.#owners.set(channel, owner)
    await this.#node(owner).add(channel)
  }

  async remove(channel: string): Promise<void> {
    const owner = this.#owners.get(channel)
    this.#owners.delete(channel)
    if (owner !== undefined) await this.#nodes.get(owner)?.remove(channel)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const node of this.#nodes.values()) node.close()
  }

  #node(address: string): Subscriber {
    const known = this.#nodes.get(address)
    if (known) return known
    const cut = address.lastIndexOf(':')
    const at = { host: address.slice(0, cut), port: Number(address.slice(cut + 1)) }
    const node = new Subscriber({
      client: subscriberOf({ ...this.#config, mode: 'single', nodes: [at] }, this.#options),
      sharded: true,
      log: this.#options.log,
      onMessage: this.#events.onMessage,
      onReturn: this.#events.onGap,
      onMoved: () => void this.#reconcile(),
    })
    this.#nodes.set(address, node)
    return node
  }

  /** The node that owns the slot of a channel, by what the cluster client knows now. */
  async #ownerOf(channel: string): Promise<string> {
    const partition = this.#layout.parse(channel)?.partition ?? 0
    const slot = await this.#slotOf(partition, channel)
    const owner = this.#cluster.slots[slot]?.[0]
    if (owner === undefined) throw new Error(`no node of the cluster owns slot ${slot}`)
    return owner
  }

  /** All channels of a partition share its tag, so they share a slot. */
  #slotOf(partition: number, channel: string): Promise<number> {
    const known = this.#slots.get(partition)
    if (known) return known
    const asked = this.#cluster.call('cluster', 'KEYSLOT', channel) as Promise<number>
    this.#slots.set(partition, asked)
    asked.catch(() => this.#slots.delete(partition))
    return asked
  }

  async #reconcile(): Promise<void> {
    let hasMoved = false
    for (const [channel, before] of this.#owners) {
      try {
        const owner = await this.#ownerOf(channel)
        if (owner === before || this.#owners.get(channel) !== before) continue
        this.#owners.set(channel, owner)
        hasMoved = true
        await Promise.all([
          this.#nodes.get(before)?.remove(channel),
          this.#node(owner).add(channel),
        ])
      } catch (error) {
        const { log } = this.#options
        log.debug({ channel, reason: messageOf(error) }, 'the owner of a channel is not known yet')
      }
    }
    this.#closeIdleNodes()
    if (hasMoved) this.#events.onGap()
  }

  #closeIdleNodes(): void {
    for (const [address, node] of this.#nodes) {
      if (node.channels.size > 0) continue
      this.#nodes.delete(address)
      node.close()
    }
  }
}
