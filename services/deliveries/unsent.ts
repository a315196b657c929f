import { type Guard, type Keys, partitionOf, type Store } from '../../src/index.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { ChannelName } from './channel-policy.ts'
import { type DeliveryJob, jobKey } from './delivery-job.ts'
import { deliveryId, IMMEDIATE } from './notification-deliveries.ts'

/** A delivery that may still be taken back: nobody has said that it went out. */
export interface Unsent {
  readonly channel: ChannelName
  readonly id: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/** The deliveries of a notification that have not gone out; some may be in a worker's hands. */
export async function unsentOf(
  { store, keys }: Parts,
  record: NotificationRecord,
): Promise<Unsent[]> {
  const found = record.channels
    .filter((channel) => !IMMEDIATE.includes(channel))
    .map((channel) => ({ channel, id: deliveryId(record.id, channel) }))
  if (found.length === 0) return []
  const names = found.map(({ channel, id }) => jobKey(keys, channel, id))
  const texts = await store.getMany(partitionOf(record.id, store.partitions), names)
  return found.filter((_, index) => {
    const text = texts[index]
    return text != null && (JSON.parse(text) as DeliveryJob).status === 'queued'
  })
}

/** Holds while a delivery waits, and takes it out of its queue. */
export function withdrawal(keys: Keys, { channel, id }: Unsent): Guard {
  return ['withdraw', keys.queue(channel), id]
}
