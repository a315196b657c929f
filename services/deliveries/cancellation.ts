import {
  type Clock,
  Conflict,
  isoTime,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { unlabelOps } from '../flows/labels.ts'
import { KEPT_MS } from '../notifications/broadcast-record.ts'
import type { Message, Origin } from '../notifications/notification-record.ts'
import { assertInReach } from '../notifications/scheduling.ts'
import { CHANNELS } from './channel-policy.ts'
import { type DeliveryJob, enqueueOp, FINAL_TTL_MS, jobKey, queueOf } from './delivery-job.ts'
import { deliveryLogOps } from './delivery-log.ts'
import { findDelivery } from './find-delivery.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

export interface Canceled {
  readonly status: 'canceled' | 'already_sent'
}

export interface Rescheduled {
  readonly status: 'rescheduled' | 'already_sent'
  readonly send_at: string
}

/** What a job may hold, depending on its channel. */
type AnyJob = DeliveryJob<{ message?: Message; origin?: Origin; kind?: string; pointer?: string }>

/** How much that waits under one label is looked at in one go. */
const CHUNK = 200

/** Takes back what was accepted and has not gone out, or puts it off to another moment. */
export class Cancellation {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `NotFound` when nothing by this id is known (any more). */
  async cancel(id: string): Promise<Canceled> {
    const job = await this.#find(id)
    return job === 'sent' ? { status: 'already_sent' } : this.#withdraw(job)
  }

  /** Everything that waits under `tag:<tag>` or `transaction:<id>`; answers how many were which. */
  async cancelAll(label: string): Promise<{ canceled: number; already_sent: number }> {
    const { store, keys } = this.#parts
    const count = { canceled: 0, already_sent: 0 }
    for (let partition = 0; partition < store.partitions; partition++) {
      const waiting = () =>
        store.rangeByScore(partition, keys.label(label), 0, Number.MAX_SAFE_INTEGER, CHUNK)
      for (let found = await waiting(); found.length > 0; found = await waiting()) {
        const states = await Promise.all(found.map(({ member }) => this.#cancelKnown(member)))
        for (const status of states) count[status] += 1
        const ops = found.map(({ member }): Op => ['zrem', keys.label(label), member])
        await store.commit({ partition, ops })
      }
    }
    return count
  }

  /** One that has gone without leaving its label keeps nobody from canceling the others. */
  async #cancelKnown(id: string): Promise<Canceled['status']> {
    try {
      return (await this.cancel(id)).status
    } catch (error) {
      if (error instanceof NotFound) return 'already_sent'
      throw error
    }
  }

  /** Puts something that waits off to `at` (epoch ms), or forward. Throws `NotFound`. */
  async reschedule(id: string, at: number): Promise<Rescheduled> {
    const { store, keys, clock } = this.#parts
    const send_at = isoTime(at)
    const found = await this.#find(id)
    if (found === 'sent') return { status: 'already_sent', send_at }
    if (found.status !== 'queued') throw new Conflict(`It is ${found.status}, and waits no more.`)
    const now = clock.now()
    const expiresAt = found.expires_at === null ? null : found.expires_at * 1000
    assertInReach(Math.max(at, now), expiresAt, now)
    const job = { ...found, send_at: Math.max(at, now) / 1000 }
    const outcome = await store.commit({
      partition: partitionOf(id, store.partitions),
      guards: [['withdraw', keys.queue(queueOf(job)), id]],
      ops: [enqueueOp(keys, job, now), ...this.#keepOps(job, job.send_at * 1000 - now)],
    })
    return { status: outcome.applied ? 'rescheduled' : 'already_sent', send_at }
  }

  async #find(id: string): Promise<AnyJob | 'sent'> {
    const { store, keys } = this.#parts
    const partition = partitionOf(id, store.partitions)
    const candidates = channelsOf(id).map((channel) => jobKey(keys, channel, id))
    const [record, ...found] = await store.getMany(partition, [
      keys.notification(id),
      ...candidates,
    ])
    const [likely] = channelsOf(id)
    const elsewhere = async () => (await findDelivery(this.#parts, likely!, id))?.text
    const isDelivery = record == null && found.every((job) => job == null)
    const text = found.find((job) => job != null) ?? (isDelivery ? await elsewhere() : null)
    if (text != null) return JSON.parse(text) as AnyJob
    if (record != null) return 'sent'
    throw new NotFound(`There is nothing scheduled under ${JSON.stringify(id)}.`)
  }

  async #withdraw(job: AnyJob): Promise<Canceled> {
    const { store, keys, clock } = this.#parts
    if (job.status === 'canceled') return { status: 'canceled' }
    const canceled: AnyJob = { ...job, status: 'canceled' }
    const outcome = await store.commit({
      partition: partitionOf(job.id, store.partitions),
      guards: [['withdraw', keys.queue(queueOf(job)), job.id]],
      ops: [
        ['set', jobKey(keys, queueOf(job), job.id), JSON.stringify(canceled), FINAL_TTL_MS],
        ...deliveryLogOps(keys, canceled, clock.now()),
        ...this.#forgetOps(job),
      ],
    })
    return { status: outcome.applied ? 'canceled' : 'already_sent' }
  }

  /** What must be there when its moment comes. */
  #keepOps({ id, channel }: AnyJob, waitMs: number): Op[] {
    const { keys } = this.#parts
    if (channel === 'notification') return [['expire', keys.scheduled(id), waitMs + FINAL_TTL_MS]]
    if (channel !== 'broadcast') return []
    return [['expire', keys.broadcast(id), waitMs + KEPT_MS]]
  }

  /** What points to it: that it is scheduled, that its digest is open, its labels. */
  #forgetOps({ id, channel, message, origin, pointer }: AnyJob): Op[] {
    const { keys } = this.#parts
    const ops: Op[] = []
    if (channel === 'notification') ops.push(['del', keys.scheduled(id)])
    if (channel === 'broadcast') ops.push(['del', keys.broadcast(id)])
    if (channel === 'followup' && pointer !== undefined) {
      ops.push(['del', pointer], ['del', keys.digestEvents(id)], ['del', keys.digestCount(id)])
    }
    if (typeof message === 'object' && origin !== undefined) {
      ops.push(...unlabelOps(keys, { id, message, origin }))
    }
    return ops
  }
}

/** `<notification>.<channel>` names one delivery; any other id a job of its own. */
function channelsOf(id: string): readonly string[] {
  const suffix = CHANNELS.find((channel) => id.endsWith(`.${channel}`))
  return suffix === undefined
    ? ['notification', 'followup', 'broadcast', 'email', 'sms', 'push']
    : [suffix]
}
