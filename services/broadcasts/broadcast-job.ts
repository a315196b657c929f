import type { Keys, Op, QueuedBroadcast } from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'

/** What a queued broadcast says, as it is stored. */
export interface BroadcastContent {
  readonly connection: string
  readonly channels: readonly string[]
  readonly event: string
  /** JSON text. */
  readonly payload: string
  readonly except: string | null
}

interface Making {
  readonly keys: Keys
  /** A UUID: the jobs made of it lie in its partition. */
  readonly id: string
  readonly now: number
}

/** Puts broadcasts into their queues, one job a connection; all in the partition of `id`. */
export function broadcastOps(
  broadcasts: readonly QueuedBroadcast[],
  { keys, id, now }: Making,
): Op[] {
  return broadcasts.map(({ connection, queue, message }, index) => {
    const { channels, event, data: payload, except } = message
    const job = makeJob<BroadcastContent>({
      id: broadcastJobId(id, index, queue),
      channel: queue,
      priority: queue === 'critical-broadcasts' ? 'critical' : 'normal',
      content: { connection, channels, event, payload, except },
      now,
    })
    return enqueueOp(keys, job, now)
  })
}

/** The name of the `index`th job made of `id`. */
export function broadcastJobId(id: string, index: number, queue: string): string {
  return `${id}.${index}.${queue}`
}
