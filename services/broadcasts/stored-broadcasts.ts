import {
  type Bell,
  type BroadcastQueue,
  type Clock,
  type Keys,
  partitionOf,
  type QueuedBroadcast,
  type Store,
  uuidv7,
} from '../../src/index.ts'
import { broadcastOps } from './broadcast-job.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
}

/** Keeps broadcasts in the durable queue until a worker has handed them on. */
export class StoredBroadcasts implements BroadcastQueue {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async push(broadcasts: readonly QueuedBroadcast[]): Promise<void> {
    const { store, keys, clock, bell } = this.#parts
    const now = clock.now()
    const id = uuidv7(now)
    await store.commit({
      partition: partitionOf(id, store.partitions),
      ops: broadcastOps(broadcasts, { keys, id, now }),
    })
    for (const queue of new Set(broadcasts.map((each) => each.queue))) bell.ring(keys.queue(queue))
  }
}
