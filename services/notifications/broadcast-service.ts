import {
  type Clock,
  type Keys,
  type Logger,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { Directory } from '../directory/directory.ts'
import type { Memberships } from '../directory/memberships.ts'
import type { TypeRules } from '../events/type-rules.ts'
import { labelOps } from '../flows/labels.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { type Acceptance, type Identity, sourceOf } from './acceptance.ts'
import { Audiences, START } from './audiences.ts'
import {
  type Audience,
  type BroadcastRecord,
  KEPT_MS,
  makeBroadcast,
  shownBroadcast,
} from './broadcast-record.ts'
import { BroadcastWaves } from './broadcast-waves.ts'
import { type BroadcastContent, BroadcastWork } from './broadcast-work.ts'
import { mintId } from './mint-id.ts'
import { cameBy, type Message, type Origin } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'
import { assertInReach } from './scheduling.ts'

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
  /** Of people who did not say theirs. Default: UTC. */
  readonly timezone?: string
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
  readonly #waves: BroadcastWaves
  readonly #work: BroadcastWork
  /** The worker's part. */
  readonly handle: BroadcastWork['handle']

  constructor(parts: Parts) {
    this.#parts = parts
    this.#audiences = new Audiences(parts)
    this.#waves = new BroadcastWaves({ timezone: 'UTC', ...parts })
    this.#work = new BroadcastWork({ ...parts, audiences: this.#audiences, waves: this.#waves })
    this.handle = this.#work.handle
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
    const { localAt } = message
    const { waves, sendAt } =
      localAt === null ? { sendAt: message.sendAt } : await this.#waves.begin(localAt)
    if (sendAt !== null && sendAt > now) assertInReach(sendAt, message.expiresAt, now)
    const record = makeBroadcast(id, message, audience, await this.#audiences.size(audience), now)
    const job = makeJob<BroadcastContent>({
      id,
      channel: 'broadcast',
      priority: message.priority,
      content: {
        ...{ message, origin: { ...origin, broadcast_id: id }, cursor: START },
        ...(waves === undefined ? {} : { waves }),
      },
      ...{ now, sendAt },
    })
    const waitMs = Math.max(0, (sendAt ?? now) - now)
    const ops: Op[] = [
      ['set', keys.broadcast(id), JSON.stringify(record), waitMs + KEPT_MS],
      enqueueOp(keys, job, now),
      ...labelOps(keys, { id, at: sendAt ?? now, message, origin }),
    ]
    return { ops, record }
  }

  /** How far a broadcast has come. */
  find(id: string): Promise<BroadcastRecord> {
    return this.#work.find(id)
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}
