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
  type Op,
  partitionOf,
  type Settlement,
  type Store,
  uuidBeside,
} from '../../src/index.ts'
import {
  type DeliveryJob,
  enqueueOp,
  FINAL_TTL_MS,
  jobKey,
  makeJob,
} from '../deliveries/delivery-job.ts'
import type { Directory } from '../directory/directory.ts'
import type { Memberships } from '../directory/memberships.ts'
import type { TypeRules } from '../events/type-rules.ts'
import { labelOps, unlabelOps } from '../flows/labels.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { type Acceptance, type Identity, ownWork, sourceOf } from './acceptance.ts'
import { Audiences, type Cursor, START } from './audiences.ts'
import {
  type Audience,
  type BroadcastRecord,
  KEPT_MS,
  makeBroadcast,
  shownBroadcast,
} from './broadcast-record.ts'
import { mintId } from './mint-id.ts'
import { cameBy, type Message, type Origin } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

interface BroadcastContent {
  readonly message: Message
  readonly origin: Origin
  /** Where the fan-out goes on. */
  readonly cursor: Cursor
}

type BroadcastJob = DeliveryJob<BroadcastContent>

export interface BroadcastSent<Status extends string> {
  readonly status: Status
  readonly broadcast_id: string
  readonly sent_count: number
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly directory: Directory
  readonly memberships: Memberships
  readonly acceptance: Acceptance
  readonly notifications: NotificationService
  readonly templates: TemplateRenderer
  readonly typeRules: TypeRules
  /** Tells those who watch, on a broadcast channel. */
  readonly broadcast: (channel: string, event: string, data: object) => void
}

interface Announcing<Status extends string> {
  readonly audience: Audience
  readonly message: Message
  readonly identity: Identity
  readonly status: Status
  readonly origin?: Origin
}

interface Working {
  readonly id: string
  readonly audience: Audience
  /** With its template accepted. */
  readonly message: Message
  readonly origin?: Origin
}

/** Messages to many: accepted at once, fanned out as work that is taken up again wherever it stopped. */
export class BroadcastService {
  readonly #parts: Parts
  readonly #audiences: Audiences

  constructor(parts: Parts) {
    this.#parts = parts
    this.#audiences = new Audiences(parts)
  }

  /** Stores the broadcast and its work; the reply counts the recipients selected. */
  async announce<Status extends string>(
    announcing: Announcing<Status>,
  ): Promise<BroadcastSent<Status>> {
    const { acceptance, keys, clock, store, templates, typeRules, broadcast } = this.#parts
    const { identity, status } = announcing
    const now = clock.now()
    const message = await typeRules.putOff(await templates.accept(announcing.message), now)
    const id = mintId(identity, { scope: keys.scope, partitions: store.partitions, now })
    const origin = cameBy(announcing.origin ?? {}, sourceOf(identity))
    const { ops, record } = await this.workOf({ ...announcing, id, message, origin })
    const { selected } = record
    const accepted = await acceptance.accept<BroadcastSent<Status>>({
      partition: this.#partition(id),
      identity,
      creates: keys.broadcast(id),
      ops,
      reply: { status, broadcast_id: id, sent_count: selected },
    })
    if (accepted.status === 'fresh')
      broadcast('broadcast', 'broadcast_message', shownBroadcast(record))
    return accepted.status === 'conflict'
      ? { status, broadcast_id: id, sent_count: selected }
      : accepted.reply
  }

  /** How many an audience reaches, and the first of them. */
  async reach(audience: Audience, most: number): Promise<{ count: number; sample: string[] }> {
    const { users } = await (await this.#audiences.walk(audience))(START)
    return { count: await this.#audiences.size(audience), sample: users.slice(0, most) }
  }

  /** What a broadcast is in a write of somebody else, in the partition of `id`. */
  async workOf({ id, audience, message, origin = {} }: Working): Promise<{
    readonly ops: readonly Op[]
    readonly record: BroadcastRecord
  }> {
    const { keys, clock } = this.#parts
    const now = clock.now()
    const record = makeBroadcast(id, message, audience, await this.#audiences.size(audience), now)
    const job = makeJob<BroadcastContent>({
      id,
      channel: 'broadcast',
      priority: message.priority,
      content: { message, origin: { ...origin, broadcast_id: id }, cursor: START },
      now,
      sendAt: message.sendAt,
    })
    const waitMs = Math.max(0, (message.sendAt ?? now) - now)
    const ops: Op[] = [
      ['set', keys.broadcast(id), JSON.stringify(record), waitMs + KEPT_MS],
      enqueueOp(keys, job, now),
      ...labelOps(keys, { id, at: message.sendAt ?? now, message, origin }),
    ]
    return { ops, record }
  }

  /** How far a broadcast has come. */
  async find(id: string): Promise<BroadcastRecord> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#partition(id), keys.broadcast(id))
    if (text === null) throw new NotFound(`There is no broadcast ${id}.`)
    return JSON.parse(text) as BroadcastRecord
  }

  /** The worker's part: fans out chunk by chunk, noting after each how far it has come. */
  handle = async (lease: Lease, signal: AbortSignal): Promise<Settlement> => {
    const { keys, clock } = this.#parts
    let text = lease.job
    let job = JSON.parse(text) as BroadcastJob
    let record = await this.find(job.id)
    const walk = await this.#audiences.walk(record.audience)
    for (;;) {
      const chunk = await walk(job.cursor)
      const { sent, failed } = await this.#sendChunk(chunk.users, job, record.audience)
      record = {
        ...record,
        sent_count: record.sent_count + sent,
        failed_count: record.failed_count + failed,
      }
      if (chunk.next === null) break
      signal.throwIfAborted()
      job = { ...job, cursor: chunk.next }
      text = await this.#note(lease, text, { job, record })
    }
    const done = { ...record, status: 'done', finished_at: isoTime(clock.now()) }
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
    const meant = await this.#audiences.withTimes(users, audience)
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
        ? uuidBeside(job.id, userId)
        : uuidBeside(job.origin.recurrence_id ?? job.id, time, userId)
    const id = inPartition(uuid, this.#partition(userId), store.partitions)
    const sending = { userId, message: { ...job.message, sendAt: null }, origin: job.origin, id }
    return notifications.send({ ...sending, identity: ownWork, isPutOff: true })
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}
