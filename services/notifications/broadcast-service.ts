import {
  type Clock,
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
  uuidFrom,
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
import { labelOps, unlabelOps } from '../flows/labels.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { type Acceptance, type Identity, ownWork, sourceOf } from './acceptance.ts'
import { type Audience, type BroadcastRecord, makeBroadcast } from './broadcast-record.ts'
import { mintId } from './mint-id.ts'
import { cameBy, type Message, type Origin } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

const CHUNK = 500

interface BroadcastContent {
  readonly message: Message
  readonly origin: Origin
  /** Where the fan-out goes on: partition and last user id (everybody), or last id (named ones). */
  readonly cursor: { readonly partition: number; readonly after: string }
}

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

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Stores the broadcast and its work; the reply counts the recipients selected. */
  async announce<Status extends string>(
    announcing: Announcing<Status>,
  ): Promise<BroadcastSent<Status>> {
    const { acceptance, keys, clock, store, templates, broadcast } = this.#parts
    const { identity, status } = announcing
    const message = await templates.accept(announcing.message)
    const now = clock.now()
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
    if (accepted.status === 'fresh') broadcast('broadcast', 'broadcast_message', shown(record))
    return accepted.status === 'conflict'
      ? { status, broadcast_id: id, sent_count: selected }
      : accepted.reply
  }

  /** How many an audience reaches, and the first of them. */
  async reach(audience: Audience, most: number): Promise<{ count: number; sample: string[] }> {
    const named = audience.everybody ? null : await this.#named(audience)
    const { users } = await this.#nextChunk(named, { partition: 0, after: '' })
    return { count: await this.#size(audience), sample: users.slice(0, most) }
  }

  /** What a broadcast is in a write of somebody else, in the partition of `id`. */
  async workOf({ id, audience, message, origin = {} }: Working): Promise<{
    readonly ops: readonly Op[]
    readonly record: BroadcastRecord
  }> {
    const { keys, clock } = this.#parts
    const now = clock.now()
    const record = makeBroadcast(id, message, audience, await this.#size(audience), now)
    const start = { partition: 0, after: '' }
    const job = makeJob<BroadcastContent>({
      id,
      channel: 'broadcast',
      priority: message.priority,
      content: { message, origin: { ...origin, broadcast_id: id }, cursor: start },
      now,
      sendAt: message.sendAt,
    })
    const ops: Op[] = [
      ['set', keys.broadcast(id), JSON.stringify(record), 7 * FINAL_TTL_MS],
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
    const { keys, store, clock } = this.#parts
    let job = JSON.parse(lease.job) as DeliveryJob<BroadcastContent>
    let record = await this.find(job.id)
    const named = record.audience.everybody ? null : await this.#named(record.audience)
    for (;;) {
      const chunk = await this.#nextChunk(named, job.cursor)
      const { sent, failed } = await this.#sendChunk(chunk.users, job)
      record = {
        ...record,
        sent_count: record.sent_count + sent,
        failed_count: record.failed_count + failed,
      }
      if (chunk.next === null) break
      signal.throwIfAborted()
      job = { ...job, cursor: chunk.next }
      await store.commit({
        partition: lease.partition,
        ops: [
          ['set', keys.broadcast(job.id), JSON.stringify(record), 7 * FINAL_TTL_MS],
          ['set', jobKey(keys, 'broadcast', job.id), JSON.stringify(job), 7 * FINAL_TTL_MS],
        ],
      })
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

  /** One recipient's failure does not touch the others; who muted the type is neither sent nor failed. */
  async #sendChunk(
    users: readonly string[],
    job: DeliveryJob<BroadcastContent>,
  ): Promise<{ sent: number; failed: number }> {
    const results = await Promise.allSettled(users.map((user) => this.#sendOne(user, job)))
    const refused = results.filter((result) => result.status === 'rejected')
    const unavailable = refused.find(({ reason }) => reason?.retryable === true)
    if (unavailable) throw unavailable.reason
    const failed = refused.filter(({ reason }) => !(reason instanceof Filtered))
    for (const { reason } of failed.slice(0, 3)) {
      this.#parts.log.warn({ err: reason, broadcast: job.id }, 'a recipient was left out')
    }
    return { sent: results.length - refused.length, failed: failed.length }
  }

  #sendOne(userId: string, job: DeliveryJob<BroadcastContent>): Promise<unknown> {
    const { store, notifications } = this.#parts
    const partition = this.#partition(userId)
    const id = inPartition(uuidFrom(job.id, userId), partition, store.partitions)
    const message = { ...job.message, sendAt: null }
    return notifications.send({ userId, message, identity: ownWork, origin: job.origin, id })
  }

  async #nextChunk(
    named: readonly string[] | null,
    { partition, after }: BroadcastContent['cursor'],
  ): Promise<{ users: string[]; next: BroadcastContent['cursor'] | null }> {
    const { directory, store } = this.#parts
    if (named !== null) {
      const users = named.filter((id) => id > after).slice(0, CHUNK)
      const last = users.length === CHUNK ? (users.at(-1) ?? null) : null
      return { users, next: last === null ? null : { partition, after: last } }
    }
    const users = await directory.usersOf(partition, after, CHUNK)
    if (users.length === CHUNK) return { users, next: { partition, after: users.at(-1) ?? '' } }
    const more = partition + 1 < store.partitions
    return { users, next: more ? { partition: partition + 1, after: '' } : null }
  }

  async #size(audience: Audience): Promise<number> {
    if (audience.everybody) return this.#parts.directory.size()
    return (await this.#named(audience)).length
  }

  /** Everybody that an audience names, once each, in order of id. */
  async #named({ users, groups, roles }: Audience): Promise<string[]> {
    const { memberships } = this.#parts
    const sets = await Promise.all([
      ...groups.map((group) => memberships.groupMembers(group)),
      ...roles.map((role) => memberships.roleMembers(role)),
    ])
    return [...new Set([...users, ...sets.flat()])].sort()
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

/** As administrators see it on the channel `broadcast` (seed 004). */
function shown({ id, title, message, type, audience, timestamp }: BroadcastRecord) {
  const { roles: target_roles, groups: target_groups } = audience
  return { id, title, message, level: type, target_roles, target_groups, timestamp }
}
