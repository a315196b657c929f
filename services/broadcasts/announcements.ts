import { type Clock, inPartition, type Keys, type Op, type Store, uuidv7 } from '../../src/index.ts'
import { broadcastOps } from './broadcast-job.ts'

/** An event on a broadcast channel that tells of something that is stored. */
export interface Announcement {
  readonly channel: string
  readonly event: string
  readonly data: object
}

export interface Announcing {
  /** What belongs into the write, in this partition, that it tells of. */
  opsOf(announcement: Announcement, partition: number): readonly Op[]
  /** That write has been made. */
  tell(announcement: Announcement): void
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  /** By our own gateway. */
  readonly broadcast: (channel: string, event: string, data: object) => void
  readonly connection: string
}

/** Tells clients of our own gateway at once, and those of a service elsewhere by a job in the same write. */
export class Announcements implements Announcing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  opsOf({ channel, event, data }: Announcement, partition: number): readonly Op[] {
    const { store, keys, clock, connection } = this.#parts
    if (connection === 'gateway' || connection === 'null') return []
    const now = clock.now()
    const id = inPartition(uuidv7(now), partition, store.partitions)
    const message = { channels: [channel], event, data: JSON.stringify(data), except: null }
    return broadcastOps([{ connection, queue: 'broadcasts', message }], { keys, id, now })
  }

  tell({ channel, event, data }: Announcement): void {
    this.#parts.broadcast(channel, event, data)
  }
}
