import { type Keys, partitionOf, type Store } from '../../src/index.ts'
import { jobKey } from './delivery-job.ts'
import { queueNamesIn } from './queue-names.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/** A delivery's job as it is stored, and the queue that it is in. */
export interface Found {
  readonly queue: string
  readonly text: string
}

/**
 * Looks in the queue of its channel first, then wherever else a notification
 * class, a listener or a type may have put it; `null`: nobody knows it (any more).
 */
export async function findDelivery(
  parts: Parts,
  channel: string,
  id: string,
): Promise<Found | null> {
  const { store, keys } = parts
  const partition = partitionOf(id, store.partitions)
  const text = await store.get(partition, jobKey(keys, channel, id))
  if (text !== null) return { queue: channel, text }
  const queues = (await queueNamesIn(parts)).filter((queue) => queue !== channel)
  const texts = await store.getMany(
    partition,
    queues.map((queue) => jobKey(keys, queue, id)),
  )
  const at = texts.findIndex((each) => each != null)
  return at === -1 ? null : { queue: queues[at]!, text: texts[at]! }
}
