import type { Keys, Op } from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { Composed } from '../notifications/composed.ts'
import { type KeptWords, keptWords } from '../notifications/kept-words.ts'
import type { Message, NotificationRecord } from '../notifications/notification-record.ts'
import type { Fallback, RequireAck } from './flow-fields.ts'

/** Further channels, unless something shows by then that it has arrived. */
export interface FallbackContent {
  readonly kind: 'fallback'
  readonly fallback: Fallback
  /** With the words of each channel. */
  readonly message: Message
  /** What its class said. */
  readonly words?: KeptWords
}

/** Once more, unless somebody has acknowledged it by then. */
export interface ReminderContent {
  readonly kind: 'reminder'
  readonly requireAck: RequireAck
  readonly message: Message
  readonly words?: KeptWords
  readonly round: number
  /** When it gives up (epoch ms). */
  readonly endsAt: number
}

interface Following {
  readonly record: NotificationRecord
  readonly message: Message
  readonly composed: Composed | null
  readonly now: number
}

/** The work that looks after a notification once it is sent. */
export function followUpOps(keys: Keys, following: Following): Op[] {
  const { record, message, now } = following
  const { fallback, requireAck } = message
  if (fallback === null && requireAck === null) return []
  const common = { message, ...keptWords(following.composed) }
  const ops: Op[] = []
  if (fallback !== null) {
    const content: FallbackContent = { kind: 'fallback', fallback, ...common }
    ops.push(jobOp(keys, record, { content, at: now + fallback.afterMs, now }))
  }
  if (requireAck !== null) {
    const endsAt = now + requireAck.expireMs
    const content: ReminderContent = { kind: 'reminder', requireAck, ...common, round: 1, endsAt }
    ops.push(jobOp(keys, record, { content, at: now + requireAck.retryMs, now }))
  }
  return ops
}

/** `<notification>.<kind>`: in its user's partition, and known without looking it up. */
export function followUpId(notificationId: string, kind: string): string {
  return `${notificationId}.${kind}`
}

interface FollowUpJob {
  readonly content: FallbackContent | ReminderContent
  readonly at: number
  readonly now: number
}

export function jobOp(keys: Keys, record: NotificationRecord, { content, at, now }: FollowUpJob) {
  const expiresAt = record.expires_at === null ? null : Date.parse(record.expires_at)
  const job = makeJob({
    id: followUpId(record.id, content.kind),
    channel: 'followup',
    priority: record.priority,
    ...{ content, now, sendAt: at, expiresAt },
    userId: record.user_id,
    notificationId: record.id,
  })
  return enqueueOp(keys, job, now)
}
