import type { Keys, Op } from '../../src/index.ts'
import { type DeliveryJob, enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import { type AlertEvent, asksOf, type StoredAlert } from './alert-record.ts'
import type { LaterTelling } from './notification-rules.ts'

/**
 * What a job of the alert queue does: tell the people of a step, tell one of them
 * on another channel by his own rules, go on to the next step, bring an alert back, end a
 * forgotten one, say what became of it, look again at what waits for quiet to end, say
 * that it changes too often, see whether it has settled, and say that; tell what waits
 * in a group, and tell again what nobody answered.
 */
export type AlertJobKind =
  | 'notify'
  | 'personal'
  | 'escalate'
  | 'return'
  | 'close'
  | 'update'
  | 'exhausted'
  | 'wake'
  | 'reindex'
  | 'flapping'
  | 'settle'
  | 'settled'
  | 'flush'
  | 'repeat'

/** What those who were told of an alert hear of it later. */
export interface AlertUpdate {
  readonly event: AlertEvent
  readonly who: string | null
  readonly note: string | null
}

/** Somebody's own rule that becomes due some time after his step was told. */
export interface PersonalTelling extends LaterTelling {
  readonly userId: string
}

export interface AlertWork {
  readonly alert_id: string
  readonly kind: AlertJobKind
  /** The alert's revision for which it was made: with another one there is nothing to do. */
  readonly revision: number
  readonly news?: AlertUpdate
  readonly personal?: PersonalTelling
  /** Of the thing that flaps: it outlives its alerts. */
  readonly dedup_key?: string
  /** The group that is told. */
  readonly group_key?: string
  /** The silences for whose end it waits. */
  readonly muted_by?: string
  /** Somebody wants it done now: nothing keeps it quiet, and it waits for no others. */
  readonly at_command?: true
}

export type AlertJob = DeliveryJob<AlertWork>

/** Whether a job still says something of its alert: nobody answered, and it did not move on. */
export function isAbout(job: AlertJob, alert: StoredAlert): boolean {
  if (job.kind === 'flapping' || job.kind === 'settled') return true
  if (job.kind === 'personal' && owesAnswer(job, alert)) return true
  if (alert.status !== 'triggered') return false
  // A person's own rules go on while steps follow each other.
  if (job.kind === 'personal') return job.revision >= alert.triggered_revision
  return alert.revision === job.revision
}

/** Where each of a step has to acknowledge, an answer of somebody else is not his. */
function owesAnswer({ personal, revision }: AlertJob, alert: StoredAlert): boolean {
  if (alert.status !== 'acknowledged' || personal === undefined) return false
  return revision >= alert.triggered_revision && asksOf(alert, personal.userId)
}

/** `<alert>.<kind>.<revision>`: a step is done once, whoever puts it into the queue. */
export function alertJobId(alertId: string, kind: AlertJobKind, revision: number): string {
  return kind === 'close' ? `${alertId}.close` : `${alertId}.${kind}.${revision}`
}

interface NewAlertJob {
  readonly kind: AlertJobKind
  readonly now: number
  readonly at?: number
  readonly news?: AlertUpdate
  readonly atCommand?: boolean
}

/** Tells one person on further channels, unless the alert has been answered by then. */
export function personalJobOp(
  keys: Keys,
  { id, revision, severity }: StoredAlert,
  { personal, now, since }: { personal: PersonalTelling; now: number; since: number },
): Op {
  const { userId, delayMinutes } = personal
  const content: AlertWork = { alert_id: id, kind: 'personal', revision, personal }
  const job = makeJob({
    id: `${alertJobId(id, 'personal', revision)}.${delayMinutes}.${userId}`,
    channel: 'alert',
    priority: severity === 'critical' ? 'critical' : 'high',
    content,
    now,
    sendAt: since + delayMinutes * 60_000,
  })
  return enqueueOp(keys, job, now)
}

/** Puts work for an alert into the queue, at once or for a moment (epoch ms). */
export function alertJobOp(
  keys: Keys,
  { id, revision, severity, dedup_key }: StoredAlert,
  { kind, now, at, news, atCommand }: NewAlertJob,
): Op {
  const content: AlertWork = {
    ...{ alert_id: id, kind, revision },
    ...(news ? { news } : {}),
    ...(kind === 'settle' ? { dedup_key } : {}),
    ...(atCommand ? { at_command: true } : {}),
  }
  const job = makeJob({
    id: alertJobId(id, kind, revision),
    channel: 'alert',
    priority: severity === 'critical' && kind !== 'update' ? 'critical' : 'high',
    content,
    now,
    sendAt: at ?? null,
  })
  return enqueueOp(keys, job, now)
}
