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
import type { Directory } from '../directory/directory.ts'
import { ownWork } from '../notifications/acceptance.ts'
import type { Audience } from '../notifications/broadcast-record.ts'
import type { BroadcastService } from '../notifications/broadcast-service.ts'
import type { RecurrenceRecord } from './recurrence-record.ts'
import { nextTime, saveOps } from './recurrences.ts'
import { clocksOf, dueBetween, MISSED_AFTER_MS, nextAnywhere } from './zoned-times.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly broadcasts: BroadcastService
  readonly directory: Pick<Directory, 'timeZones'>
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
    const after = record.inUserTimezone
      ? await this.#sendByClocks(record)
      : await this.#sendAt(record, job.due_at)
    const ops = saveOps(keys, after, clock.now())
    return {
      ops: after.nextAt === null ? [...ops, ['del', jobKey(keys, job.channel, job.id)]] : ops,
    }
  }

  async #sendAt(record: RecurrenceRecord, dueAt: number): Promise<RecurrenceRecord> {
    const now = this.#parts.clock.now()
    const isSkipped = record.misfire === 'skip' && now - dueAt > MISSED_AFTER_MS
    if (!isSkipped) await this.#send(record, String(dueAt))
    const after = isSkipped
      ? { ...record, skipped: record.skipped + 1 }
      : { ...record, sent: record.sent + 1, lastAt: dueAt }
    return withNext(after, nextTime(after, Math.max(now, dueAt)))
  }

  /** To those whose clocks have come to a time of it since they were looked at last. */
  async #sendByClocks(record: RecurrenceRecord): Promise<RecurrenceRecord> {
    const { clock, directory } = this.#parts
    const now = clock.now()
    const clocks = clocksOf(await directory.timeZones.inUse(), record)
    const due = dueBetween(record, clocks, [record.lookedAt ?? record.createdAt, now])
    const isDue = Object.keys(due.clocks).length > 0
    if (isDue) await this.#send(record, JSON.stringify(due.clocks), due.clocks)
    const after = {
      ...record,
      ...{ lookedAt: now, sentIn: due.sentIn },
      sent: Math.max(record.sent, ...Object.values(due.sentIn)),
      skipped: record.skipped + (due.isSkipped ? 1 : 0),
      lastAt: isDue ? now : record.lastAt,
    }
    return withNext(after, nextAnywhere(after, clocks, now))
  }

  /** Under an id that follows from the time: doing it again has no second effect. */
  async #send(
    { id, audience, message }: RecurrenceRecord,
    time: string,
    clocks?: Audience['clocks'],
  ): Promise<void> {
    const { store, broadcasts } = this.#parts
    const name = uuidFrom(id, time)
    const own = inPartition(name, partitionOf(id, store.partitions), store.partitions)
    await broadcasts.announce({
      ...{ message, status: 'broadcast_sent', origin: { recurrence_id: id } },
      audience: clocks === undefined ? audience : { ...audience, clocks },
      identity: { ...ownWork, id: own },
    })
  }
}

function withNext(record: RecurrenceRecord, nextAt: number | null): RecurrenceRecord {
  return { ...record, nextAt, status: nextAt === null ? 'done' : 'active' }
}
