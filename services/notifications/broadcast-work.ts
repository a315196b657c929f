import {
  type Clock,
  Conflict,
  Filtered,
  inPartition,
  isoTime,
  type Keys,
  type Lease,
  type Logger,
  NotFound,
  partitionOf,
  type Settlement,
  type Store,
  uuidBeside,
} from '../../src/index.ts'
import { type DeliveryJob, enqueueOp, FINAL_TTL_MS, jobKey } from '../deliveries/delivery-job.ts'
import { unlabelOps } from '../flows/labels.ts'
import { ownWork } from './acceptance.ts'
import { type Audiences, type Cursor, START } from './audiences.ts'
import { type Audience, type BroadcastRecord, KEPT_MS } from './broadcast-record.ts'
import type { BroadcastWaves, Waves } from './broadcast-waves.ts'
import type { Message, Origin } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

/** What the job of a broadcast holds. */
export interface BroadcastContent {
  readonly message: Message
  readonly origin: Origin
  /** Where the fan-out goes on. */
  readonly cursor: Cursor
  /** Where it reaches people when their own clocks show a time. */
  readonly waves?: Waves
}

type BroadcastJob = DeliveryJob<BroadcastContent>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly audiences: Audiences
  readonly waves: BroadcastWaves
  readonly notifications: NotificationService
}

/** Brings a broadcast to its people, as work that is taken up again wherever it stopped. */
export class BroadcastWork {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** How far a broadcast has come. */
  async find(id: string): Promise<BroadcastRecord> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#partition(id), keys.broadcast(id))
    if (text === null) throw new NotFound(`There is no broadcast ${id}.`)
    return JSON.parse(text) as BroadcastRecord
  }

  /**
   * The worker's part: fans out chunk by chunk. Before each it notes how far it has come and
   * where the chunk ends, so that whoever does it again gives the same people the same ids.
   */
  handle = async (lease: Lease, signal: AbortSignal): Promise<Settlement> => {
    let text = lease.job
    let job = await this.#begun(JSON.parse(text) as BroadcastJob)
    let record = await this.find(job.id)
    const audience = audienceOf(record, job)
    if (audience === null) return this.#ended(job, record)
    const walk = await this.#parts.audiences.walk(audience)
    for (let chunk = await walk(job.cursor); ; ) {
      const { users, here, next } = chunk
      job = { ...job, cursor: here }
      text = await this.#note(lease, text, { job, record })
      const following = next && ahead(walk(next))
      const { sent, failed } = await this.#sendChunk(users, job, audience)
      record = {
        ...record,
        sent_count: record.sent_count + sent,
        failed_count: record.failed_count + failed,
      }
      if (following === null) break
      signal.throwIfAborted()
      chunk = await following
    }
    return this.#ended(job, record)
  }

  /** With whom it is for just now, where it goes from zone to zone. */
  async #begun(job: BroadcastJob): Promise<BroadcastJob> {
    if (job.waves === undefined) return job
    return { ...job, waves: await this.#parts.waves.start(job.waves) }
  }

  /** It waits for the next zone, or is done. */
  async #ended(job: BroadcastJob, record: BroadcastRecord): Promise<Settlement> {
    const { keys, clock, waves } = this.#parts
    const { waves: wave } = job
    const now = clock.now()
    const next = wave?.now ? await waves.after({ ...wave, now: wave.now }) : null
    if (next !== null) {
      const waiting = { ...job, cursor: START, waves: next.waves, send_at: next.sendAt / 1000 }
      const keptMs = Math.max(0, next.sendAt - now) + KEPT_MS
      return {
        ops: [
          ['set', keys.broadcast(job.id), JSON.stringify(record), keptMs],
          enqueueOp(keys, waiting, now),
        ],
      }
    }
    const done = { ...record, status: 'done', finished_at: isoTime(now) }
    return {
      ops: [
        ['set', keys.broadcast(job.id), JSON.stringify(done), FINAL_TTL_MS],
        ['del', jobKey(keys, 'broadcast', job.id)],
        ...unlabelOps(keys, job),
      ],
    }
  }

  /** Keeps how far it has come, and answers with the job's text. Throws `Conflict` when another worker has gone on with it. */
  async #note(
    { partition }: Lease,
    before: string,
    { job, record }: { job: BroadcastJob; record: BroadcastRecord },
  ): Promise<string> {
    const { keys, store } = this.#parts
    const key = jobKey(keys, 'broadcast', job.id)
    const text = JSON.stringify(job)
    const outcome = await store.commit({
      partition,
      guards: [['expect', key, before]],
      ops: [
        ['set', keys.broadcast(job.id), JSON.stringify(record), KEPT_MS],
        ['set', key, text, KEPT_MS],
      ],
    })
    if (!outcome.applied) throw new Conflict(`Another worker goes on with broadcast ${job.id}.`)
    return text
  }

  /** One recipient's failure does not touch the others; who muted the type is neither sent nor failed. */
  async #sendChunk(
    users: readonly string[],
    job: BroadcastJob,
    audience: Audience,
  ): Promise<{ sent: number; failed: number }> {
    const meant = await this.#parts.audiences.withTimes(users, audience)
    const results = await Promise.allSettled(
      meant.map(([user, time]) => this.#sendOne(user, time, job)),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    const unavailable = refused.find(({ reason }) => reason?.retryable === true)
    if (unavailable) throw unavailable.reason
    const failed = refused.filter(({ reason }) => !(reason instanceof Filtered))
    for (const { reason } of failed.slice(0, 3)) {
      this.#parts.log.warn({ err: reason, broadcast: job.id }, 'a recipient was left out')
    }
    return { sent: results.length - refused.length, failed: failed.length }
  }

  /** Once for each time by his clock, whatever broadcast it comes with. */
  #sendOne(userId: string, time: string | null, job: BroadcastJob): Promise<unknown> {
    const { store, notifications } = this.#parts
    const uuid =
      time === null
        ? uuidBeside(job.id, { place: job.cursor.chunk }, userId)
        : uuidBeside(job.origin.recurrence_id ?? job.id, {}, time, userId)
    const id = inPartition(uuid, this.#partition(userId), store.partitions)
    const message = { ...job.message, sendAt: null, localAt: null }
    const sending = { userId, message, origin: job.origin, id }
    return notifications.send({ ...sending, identity: ownWork, isPutOff: true })
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

/** Of all whom it is for, those whose time has come; `null`: nobody's. */
function audienceOf({ audience }: BroadcastRecord, { waves }: BroadcastJob): Audience | null {
  if (waves?.now === undefined) return audience
  const { clocks } = waves.now
  return Object.keys(clocks).length === 0 ? null : { ...audience, clocks }
}

/** Asked for before it is needed; a failure shows when it is. */
function ahead<Result>(asked: Promise<Result>): Promise<Result> {
  asked.catch(() => undefined)
  return asked
}
