import {
  type Clock,
  Conflict,
  Expired,
  InvalidPayload,
  isoTime,
  type Keys,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { type DeliveryJob, enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import { labelOps } from '../flows/labels.ts'
import type { Tell } from '../operations/activity.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { type Acceptance, type Identity, sourceOf } from './acceptance.ts'
import { cameBy, type Message, type Origin } from './notification-record.ts'
import type { Sent } from './sending.ts'

/** How far ahead something may be put off. */
const HORIZON_MS = 365 * 86_400_000
const KEPT_AFTER_MS = 86_400_000

/** What a notification for later holds of it. */
export interface ScheduledContent {
  readonly message: Message
  readonly origin: Origin
}

export type ScheduledJob = DeliveryJob<ScheduledContent>

interface Waiting {
  readonly id: string
  readonly userId: string
  readonly message: Message
  readonly identity: Identity
  readonly origin: Origin
  /** Epoch milliseconds. */
  readonly at: number
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly templates: TemplateRenderer
  /** Told of everything that was put off. */
  readonly tell?: Tell
}

/** Puts notifications off until their moment. */
export class Scheduling {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `InvalidPayload` for what is too far ahead, `Expired` for what would be too late. */
  async put({ id, userId, identity, origin, at, ...given }: Waiting): Promise<Sent> {
    const { acceptance, keys, templates, clock, store } = this.#parts
    const now = clock.now()
    assertInReach(at, given.message.expiresAt, now)
    const accepted = await templates.accept(given.message)
    const message = { ...accepted, sendAt: null, localAt: null }
    const job = makeJob<ScheduledContent>({
      ...{ id, userId, now, channel: 'notification', priority: message.priority },
      ...{
        content: { message, origin: cameBy(origin, sourceOf(identity)) },
        sendAt: at,
        expiresAt: message.expiresAt,
      },
      notificationId: id,
    })
    const outcome = await acceptance.accept<Sent>({
      partition: partitionOf(userId, store.partitions),
      identity,
      creates: keys.scheduled(id),
      ops: [
        ['set', keys.scheduled(id), userId, at - now + KEPT_AFTER_MS],
        ['zadd', keys.users(), 0, userId],
        enqueueOp(keys, job, now),
        ...labelOps(keys, { id, at, message, origin }),
      ],
      reply: { status: 'sent', notification_id: id, channels: [], send_at: isoTime(at) },
    })
    if (outcome.status === 'conflict') throw new Conflict('The notification exists already.')
    if (outcome.status === 'fresh') {
      const { title, type, priority } = message
      const about = { id, user_id: userId, title, type, priority, send_at: isoTime(at) }
      this.#parts.tell?.('scheduled', { ...about, source: sourceOf(identity) })
    }
    return outcome.reply
  }
}

/** Throws unless something may wait until `at`. */
export function assertInReach(at: number, expiresAt: number | null, now: number): void {
  if (at > now + HORIZON_MS) {
    const issue = { path: 'send_at', message: 'must be at most 365 days ahead' }
    throw new InvalidPayload(`${issue.path} ${issue.message}`, [issue])
  }
  if (expiresAt !== null && expiresAt <= at) {
    throw new Expired('The message expires before it could be sent.')
  }
}
