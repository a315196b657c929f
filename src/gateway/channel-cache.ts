import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { partitionOf } from '../support/ids.ts'

/** How long the last event of a cache channel is kept (Pusher's figure). */
const TTL_MS = 30 * 60_000

export interface CachedEvent {
  readonly event: string
  /** JSON text. */
  readonly data: string
}

/** The last event of each cache channel, for those who come later. */
export class ChannelCache {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { readonly store: Store; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  async keep(channel: string, { event, data }: CachedEvent): Promise<void> {
    const value = JSON.stringify({ event, data })
    await this.#store.commit({
      partition: this.#at(channel),
      ops: [['set', this.#keys.channelCache(channel), value, TTL_MS]],
    })
  }

  async find(channel: string): Promise<CachedEvent | null> {
    const value = await this.#store.get(this.#at(channel), this.#keys.channelCache(channel))
    return value === null ? null : (JSON.parse(value) as CachedEvent)
  }

  #at(channel: string): number {
    return partitionOf(channel, this.#store.partitions)
  }
}
