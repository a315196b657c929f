import {
  type Bell,
  type Clock,
  type Keys,
  NotFound,
  PRIORITIES,
  partitionOf,
  queueKeys,
  type Store,
} from '../../src/index.ts'
import { type DeliveryJob, enqueueOp, jobKey } from './delivery-job.ts'
import { findDelivery } from './find-delivery.ts'
import type { QueueNames } from './queue-names.ts'

export interface QueueState {
  readonly name: string
  readonly ready: Readonly<Record<string, number>>
  readonly scheduled: number
  readonly in_flight: number
  readonly failed: number
  readonly paused: boolean
  /** Seconds that the job which waits longest has waited; `null` when none waits. */
  readonly oldest_age_seconds: number | null
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly queueNames: QueueNames
}

/** Of a job in the list of failed ones; a skipped one can be tried after all. */
const ENDED: readonly string[] = ['failed', 'skipped']

/** What was given up may not say so yet: who gave it up writes that down after it. */
function asFailed(job: DeliveryJob): DeliveryJob {
  return ENDED.includes(job.status) ? job : { ...job, status: 'failed' }
}

/** Looks into queues and puts them right: failed jobs, pauses, single deliveries. */
export class QueueAdmin {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async list(): Promise<QueueState[]> {
    await this.#parts.queueNames.refresh()
    return Promise.all(this.#names.map((name) => this.state(name)))
  }

  async state(name: string): Promise<QueueState> {
    const { store } = this.#parts
    const queue = this.#queue(name)
    const depths = await this.#overPartitions((partition) => store.depth(partition, queue))
    const sum = (read: (depth: (typeof depths)[number]) => number) =>
      depths.reduce((total, depth) => total + read(depth), 0)
    const paused = await store.get(0, queueKeys.paused(queue))
    return {
      name,
      ready: Object.fromEntries(PRIORITIES.map((each) => [each, sum(({ ready }) => ready[each])])),
      scheduled: sum(({ scheduled }) => scheduled),
      in_flight: sum(({ leased }) => leased),
      failed: sum(({ failed }) => failed),
      paused: paused !== null,
      oldest_age_seconds: await this.#oldestAge(name),
    }
  }

  /** Jobs that failed for good, newest first within a partition. */
  async failed(name: string, limit: number): Promise<DeliveryJob[]> {
    const { store } = this.#parts
    const key = queueKeys.failed(this.#queue(name))
    const pages = await this.#overPartitions((partition) =>
      store.list(partition, key, 0, limit - 1),
    )
    const jobs = await Promise.all(
      pages
        .flat()
        .slice(0, limit)
        .map((id) => this.#read(name, id)),
    )
    return jobs.flatMap((found) => (found === null ? [] : [asFailed(found.job)]))
  }

  /** Puts a failed job back as if it were new. */
  async retry(name: string, id: string): Promise<void> {
    const { store, keys, clock, bell } = this.#parts
    const found = await this.#failedJob(name, id)
    const now = clock.now()
    const { unreachable_since: _, ...failed } = found.job
    const job = { ...failed, status: 'queued' as const, attempts: 0, send_at: now / 1000 }
    const outcome = await store.commit({
      partition: this.#partition(id),
      guards: [['expect', jobKey(keys, name, id), found.text]],
      ops: [['pull', queueKeys.failed(this.#queue(name)), id], enqueueOp(keys, job, now)],
    })
    if (outcome.applied) bell.ring(this.#queue(name))
  }

  /** Puts every failed job back; answers how many. */
  async retryAll(name: string): Promise<number> {
    const ids = await this.#failedIds(name)
    const results = await Promise.allSettled(ids.map((id) => this.retry(name, id)))
    return results.filter(({ status }) => status === 'fulfilled').length
  }

  /** Throws a failed job away. */
  async forget(name: string, id: string): Promise<void> {
    const { store, keys } = this.#parts
    await this.#failedJob(name, id)
    await store.commit({
      partition: this.#partition(id),
      ops: [
        ['pull', queueKeys.failed(this.#queue(name)), id],
        ['del', jobKey(keys, name, id)],
      ],
    })
  }

  async flush(name: string): Promise<number> {
    const ids = await this.#failedIds(name)
    await Promise.allSettled(ids.map((id) => this.forget(name, id)))
    return ids.length
  }

  /** Workers take nothing from a paused queue; what comes in waits. */
  async pause(name: string, paused: boolean): Promise<void> {
    const { store, bell } = this.#parts
    const queue = this.#queue(name)
    const key = queueKeys.paused(queue)
    await this.#overPartitions((partition) =>
      store.commit({ partition, ops: [paused ? ['set', key, '1', 0] : ['del', key]] }),
    )
    if (!paused) bell.ring(queue)
  }

  /** One delivery, wherever it is; `NotFound` when nobody knows it (any more). */
  async delivery(id: string): Promise<DeliveryJob> {
    const likely = this.#names.find((name) => id.endsWith(`.${name}`)) ?? 'email'
    const found = await findDelivery(this.#parts, likely, id)
    if (found !== null) return JSON.parse(found.text) as DeliveryJob
    throw new NotFound(`There is no delivery ${id}.`)
  }

  async #failedJob(name: string, id: string): Promise<{ job: DeliveryJob; text: string }> {
    const found = await this.#read(name, id)
    const isOver = found !== null && ENDED.includes(found.job.status)
    if (found !== null && (isOver || (await this.#failedIds(name)).includes(id))) return found
    throw new NotFound(`There is no failed job ${id} in ${name}.`)
  }

  async #failedIds(name: string): Promise<string[]> {
    const key = queueKeys.failed(this.#queue(name))
    const pages = await this.#overPartitions((partition) =>
      this.#parts.store.list(partition, key, 0, -1),
    )
    return pages.flat()
  }

  async #read(name: string, id: string): Promise<{ job: DeliveryJob; text: string } | null> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#partition(id), jobKey(keys, name, id))
    return text === null ? null : { job: JSON.parse(text) as DeliveryJob, text }
  }

  async #oldestAge(name: string): Promise<number | null> {
    const { store, keys, clock } = this.#parts
    const heads = await this.#overPartitions((partition) =>
      Promise.all(
        PRIORITIES.map((priority) =>
          store.list(partition, queueKeys.ready(this.#queue(name), priority), -1, -1),
        ),
      ),
    )
    const jobs = await Promise.all(
      heads.flat(2).map((id) => store.get(this.#partition(id), jobKey(keys, name, id))),
    )
    const waited = jobs.flatMap((text) =>
      text === null ? [] : [clock.now() / 1000 - (JSON.parse(text) as DeliveryJob).send_at],
    )
    return waited.length === 0 ? null : Math.max(0, ...waited)
  }

  #overPartitions<Result>(read: (partition: number) => Promise<Result>): Promise<Result[]> {
    const { partitions } = this.#parts.store
    return Promise.all(Array.from({ length: partitions }, (_, partition) => read(partition)))
  }

  get #names(): readonly string[] {
    return this.#parts.queueNames.all
  }

  #queue(name: string): string {
    if (!this.#names.includes(name)) {
      throw new NotFound(`There is no queue ${name}; there are ${this.#names.join(', ')}.`)
    }
    return this.#parts.keys.queue(name)
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}
