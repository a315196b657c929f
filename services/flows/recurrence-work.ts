import {
  type Clock,
  inPartition,
  type Keys,
  type Lease,
  type Logger,
  partitionOf,
  type Settlement,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import { type DeliveryJob, jobKey } from '../deliveries/delivery-job.ts'
import { type Identity, ownWork } from '../notifications/acceptance.ts'
import type { BroadcastService } from '../notifications/broadcast-service.ts'
import type { RecurrenceRecord } from './recurrence-record.ts'
import { nextTime, saveOps } from './recurrences.ts'

/** What comes later than this was missed: the service was down. */
const MISSED_AFTER_MS = 60_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly broadcasts: BroadcastService
}

/** The worker's part of recurrences: sends one time, and puts the next into the queue. */
export class RecurrenceWork {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Whatever was missed is sent once at most, however often it would have been. */
  handle = async (lease: Lease): Promise<Settlement> => {
    const { store, keys, clock } = this.#parts
    const job = JSON.parse(lease.job) as DeliveryJob<{ readonly due_at: number }>
    const text = await store.get(lease.partition, keys.recurrence(job.id))
    const record = text === null ? null : (JSON.parse(text) as RecurrenceRecord)
    if (record?.status !== 'active') {
      return { ops: [['del', jobKey(keys, job.channel, job.id)]] }
    }
    const now = clock.now()
    const isSkipped = record.misfire === 'skip' && now - job.due_at > MISSED_AFTER_MS
    if (!isSkipped) await this.#send(record, job.due_at)
    const after = {
      ...record,
      sent: record.sent + (isSkipped ? 0 : 1),
      skipped: record.skipped + (isSkipped ? 1 : 0),
      lastAt: isSkipped ? record.lastAt : job.due_at,
    }
    const nextAt = nextTime(after, Math.max(now, job.due_at))
    const ops = saveOps(
      keys,
      { ...after, nextAt, status: nextAt === null ? 'done' : 'active' },
      now,
    )
    return { ops: nextAt === null ? [...ops, ['del', jobKey(keys, job.channel, job.id)]] : ops }
  }

  /** Under an id that follows from the time: doing it again has no second effect. */
  async #send({ id, audience, message }: RecurrenceRecord, dueAt: number): Promise<void> {
    const { store, broadcasts } = this.#parts
    const name = uuidFrom(id, String(dueAt))
    const own = inPartition(name, partitionOf(id, store.partitions), store.partitions)
    const identity: Identity = { ...ownWork, id: own }
    const origin = { recurrence_id: id }
    await broadcasts.announce({ audience, message, identity, origin, status: 'broadcast_sent' })
  }
}
