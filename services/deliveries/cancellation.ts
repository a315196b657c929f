import {
  type Clock,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { CHANNELS } from './channel-policy.ts'
import { type DeliveryJob, FINAL_TTL_MS, jobKey } from './delivery-job.ts'
import { deliveryLogOps } from './delivery-log.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

export interface Canceled {
  readonly status: 'canceled' | 'already_sent'
}

/** Takes back what was accepted and has not gone out: a notification, a mail, an SMS, a push. */
export class Cancellation {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `NotFound` when nothing by this id is known (any more). */
  async cancel(id: string): Promise<Canceled> {
    const { store, keys } = this.#parts
    const partition = partitionOf(id, store.partitions)
    const candidates = channelsOf(id).map((channel) => jobKey(keys, channel, id))
    const [record, ...found] = await store.getMany(partition, [
      keys.notification(id),
      ...candidates,
    ])
    const text = found.find((job) => job != null)
    if (text != null) return this.#withdraw(JSON.parse(text) as DeliveryJob, partition)
    if (record != null) return { status: 'already_sent' }
    throw new NotFound(`There is nothing scheduled under ${JSON.stringify(id)}.`)
  }

  async #withdraw(job: DeliveryJob, partition: number): Promise<Canceled> {
    const { store, keys, clock } = this.#parts
    if (job.status === 'canceled') return { status: 'canceled' }
    const canceled: DeliveryJob = { ...job, status: 'canceled' }
    const text = JSON.stringify(canceled)
    const ops: Op[] = [
      ['set', jobKey(keys, job.channel, job.id), text, FINAL_TTL_MS],
      ...deliveryLogOps(keys, canceled, clock.now()),
    ]
    if (job.channel === 'notification') ops.push(['del', keys.scheduled(job.id)])
    const outcome = await store.commit({
      partition,
      guards: [['withdraw', keys.queue(job.channel), job.id]],
      ops,
    })
    return { status: outcome.applied ? 'canceled' : 'already_sent' }
  }
}

/** `<notification>.<channel>` names one delivery; any other id a job of its own. */
function channelsOf(id: string): readonly string[] {
  const suffix = CHANNELS.find((channel) => id.endsWith(`.${channel}`))
  return suffix === undefined ? ['notification', 'email', 'sms', 'push'] : [suffix]
}
