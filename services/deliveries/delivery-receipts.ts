import {
  type Clock,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  queueKeys,
  type Store,
} from '../../src/index.ts'
import { Counts, countedAs } from '../statistics/counts.ts'
import {
  type DeliveryJob,
  type DeliveryStatus,
  enqueueOp,
  FAILED_LIMIT,
  FINAL_TTL_MS,
  jobKey,
  queueOf,
} from './delivery-job.ts'
import { deliveryLogOps } from './delivery-log.ts'
import { findDelivery } from './find-delivery.ts'
import { retryWaitMs } from './retry-schedule.ts'

/** What a provider tells of a message that it took earlier. */
export interface Receipt {
  readonly status: 'sent' | 'delivered' | 'read' | 'failed'
  readonly provider: string
  /** The provider's own name for the message. */
  readonly id: string
  readonly reason?: string
  /** It failed for want of room, not for good: worth another try. */
  readonly mayTryAgain?: boolean
}

/** `early`: the delivery is still in a worker's hands; `stale`: it knows better already. */
export type ReceiptResult = 'recorded' | 'stale' | 'early' | 'unknown'

/** Receipts may come in any order: each state takes only those that lead forward. */
const FORWARD: Readonly<Partial<Record<DeliveryStatus, readonly Receipt['status'][]>>> = {
  uncertain: ['sent', 'delivered', 'read', 'failed'],
  sent: ['delivered', 'read', 'failed'],
  delivered: ['read'],
}
const UNSETTLED: readonly DeliveryStatus[] = ['pending', 'queued', 'sending']

/** A receipt may overtake the worker that writes down that the message was sent. */
const PATIENCE_MS = 3_000
const LOOK_AGAIN_MS = 100
const MOST_RACES = 10

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/** Writes down what providers tell afterwards: delivered, read, or not delivered after all. */
export class DeliveryReceipts {
  readonly #parts: Parts
  readonly #counts: Counts

  constructor(parts: Parts) {
    this.#parts = parts
    this.#counts = new Counts(parts.keys)
  }

  async record(channel: string, id: string, receipt: Receipt): Promise<ReceiptResult> {
    const { clock } = this.#parts
    const until = clock.now() + PATIENCE_MS
    for (;;) {
      const result = await this.#recordNow(channel, id, receipt)
      // That it was sent is what the worker is about to say.
      if (result !== 'early' || receipt.status === 'sent' || clock.now() >= until) return result
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve))
    }
  }

  async #recordNow(channel: string, id: string, receipt: Receipt): Promise<ReceiptResult> {
    const { store, keys } = this.#parts
    const partition = partitionOf(id, store.partitions)
    for (let race = 0; race < MOST_RACES; race++) {
      const found = await findDelivery(this.#parts, channel, id)
      if (found === null) return 'unknown'
      const { text } = found
      const key = jobKey(keys, found.queue, id)
      const job = JSON.parse(text) as DeliveryJob
      if (UNSETTLED.includes(job.status)) return 'early'
      if (!FORWARD[job.status]?.includes(receipt.status)) return 'stale'
      const outcome = await store.commit({
        partition,
        guards: [['expect', key, text]],
        ops: this.#ops(key, job, { receipt, partition }),
      })
      if (outcome.applied) return 'recorded'
    }
    return 'early'
  }

  #ops(
    key: string,
    job: DeliveryJob,
    { receipt, partition }: { readonly receipt: Receipt; readonly partition: number },
  ): Op[] {
    const { keys, clock } = this.#parts
    const { status, provider, id, reason } = receipt
    const now = clock.now()
    const said = { at: isoTime(now), provider, outcome: status, id }
    const entry = reason === undefined ? said : { ...said, reason }
    const next = { ...job, status, history: [...job.history.slice(-19), entry] }
    if (status === 'failed' && receipt.mayTryAgain && job.attempts < job.max_attempts) {
      const at = now + retryWaitMs(job.channel, job.attempts)
      return [enqueueOp(keys, { ...next, status: 'queued', send_at: at / 1000 }, now)]
    }
    const failed: Op[] =
      status === 'failed'
        ? [['push', queueKeys.failed(keys.queue(queueOf(job))), job.id, FAILED_LIMIT]]
        : []
    const ttl = status === 'failed' ? 7 * FINAL_TTL_MS : FINAL_TTL_MS
    return [
      ['set', key, JSON.stringify(next), ttl],
      ...failed,
      ...deliveryLogOps(keys, next, now),
      ...this.#counts.ops(countedAs(job, status), { partition, now }),
    ]
  }
}
