import type { Guard, Keys, Store } from '../../src/index.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { ChannelName } from './channel-policy.ts'
import type { DeliveryJob } from './delivery-job.ts'
import { findDelivery } from './find-delivery.ts'
import { deliveryId, IMMEDIATE } from './notification-deliveries.ts'

/** A delivery that may still be taken back: nobody has said that it went out. */
export interface Unsent {
  readonly channel: ChannelName
  readonly id: string
  readonly queue: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/** The deliveries of a notification that have not gone out; some may be in a worker's hands. */
export async function unsentOf(parts: Parts, record: NotificationRecord): Promise<Unsent[]> {
  const channels = record.channels.filter((channel) => !IMMEDIATE.includes(channel))
  const looked = channels.map(async (channel): Promise<Unsent[]> => {
    const id = deliveryId(record.id, channel)
    const found = await findDelivery(parts, channel, id)
    if (found === null || (JSON.parse(found.text) as DeliveryJob).status !== 'queued') return []
    return [{ channel, id, queue: found.queue }]
  })
  return (await Promise.all(looked)).flat()
}

/** Holds while a delivery waits, and takes it out of its queue. */
export function withdrawal(keys: Keys, { queue, id }: Unsent): Guard {
  return ['withdraw', keys.queue(queue), id]
}
