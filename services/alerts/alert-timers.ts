import { type Clock, isoTime, type Keys, type Op, type Settlement } from '../../src/index.ts'
import { enqueueOp } from '../deliveries/delivery-job.ts'
import type { AlertChange, AlertChanges } from './alert-changes.ts'
import { type AlertJob, alertJobOp } from './alert-job.ts'
import { logEntry, type StoredAlert, triggeredAgain } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import { type EscalationPolicy, groupingOf, nextPosition } from './escalation-policy.ts'
import type { Responders } from './responders.ts'

/** An alert that nobody reports or touches any more is over. */
export const AUTO_CLOSE_MS = 7 * 86_400_000

const NOTHING: Settlement = { ops: [] }

interface Parts {
  readonly keys: Keys
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly responders: Responders
}

/**
 * What becomes due: the next step, the return of an alert, the end of a
 * forgotten one. Each changes the record by compare and set, so that it happens
 * once on any number of processes, and not at all when the alert has moved on.
 */
export class AlertTimers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Nobody acknowledged in time: the next step, or the end of the policy. */
  async escalate(job: AlertJob): Promise<Settlement> {
    await this.#parts.changes.change(job.alert_id, async (alert, now) => {
      if (alert.status !== 'triggered' || alert.revision !== job.revision) return null
      const policy = await this.#parts.responders.policyOf(alert)
      return this.#nextStep(alert, policy, now)
    })
    return NOTHING
  }

  /** Nobody answered and nothing was said for long: the people of the step are told again. */
  async repeat(job: AlertJob): Promise<Settlement> {
    await this.#parts.changes.change(job.alert_id, (before, now) => {
      if (before.status !== 'triggered' || before.revision !== job.revision) return null
      const alert = { ...before, revision: before.revision + 1, notified: false, told_in: null }
      const ops = [alertJobOp(this.#parts.keys, alert, { kind: 'notify', now })]
      return { alert, log: [logEntry(now, 'repeated', null, 'still open')], ops, event: null }
    })
    return NOTHING
  }

  /** An acknowledgement has run out, or a snooze: the policy begins again. */
  async return(job: AlertJob): Promise<Settlement> {
    await this.#parts.changes.change(job.alert_id, (before, now) => {
      const isAnswered = before.status === 'acknowledged' || before.status === 'snoozed'
      if (!isAnswered || before.revision !== job.revision) return null
      const why = before.status === 'snoozed' ? 'the snooze is over' : 'acknowledged, not resolved'
      const alert = triggeredAgain(before, now)
      const ops = [alertJobOp(this.#parts.keys, alert, { kind: 'notify', now })]
      return { alert, log: [logEntry(now, 'returned', null, why)], ops, event: 'returned' }
    })
    return NOTHING
  }

  /** Ends an alert of which nothing was heard for a week, unless somebody has it in hand. */
  async close(job: AlertJob): Promise<Settlement> {
    const { keys, clock, alerts, changes } = this.#parts
    const now = clock.now()
    let againAt: number | null = null
    await changes.change(job.alert_id, async (alert) => {
      againAt = null
      if (alert.status === 'resolved') return null
      const seen = await alerts.lastSeen(alert)
      // That it came back is news of it too.
      const lastAt = Math.max(seen.at, Date.parse(alert.triggered_at))
      const isActive = alert.status !== 'triggered' || lastAt + AUTO_CLOSE_MS > now
      if (!isActive) return this.#ended(alert, seen.text, now)
      againAt = (alert.status === 'triggered' ? lastAt : now) + AUTO_CLOSE_MS
      return null
    })
    if (againAt === null) return NOTHING
    return { ops: [enqueueOp(keys, { ...job, send_at: againAt / 1000 }, now)] }
  }

  #nextStep(before: StoredAlert, policy: EscalationPolicy, now: number): AlertChange {
    const { keys } = this.#parts
    const next = nextPosition(policy, before)
    const base = { ...before, next_escalation_at: null, revision: before.revision + 1 }
    if (next === null) {
      const alert = { ...base, exhausted: true }
      const ops = [
        alertJobOp(keys, alert, { kind: 'exhausted', now }),
        ...this.#repeatOps(alert, policy, now),
      ]
      const why = `nobody acknowledged through ${before.loop + 1} rounds`
      return { alert, log: [logEntry(now, 'exhausted', null, why)], ops, event: 'exhausted' }
    }
    const alert = { ...base, ...next, notified: false, told_in: null }
    const ops = [alertJobOp(keys, alert, { kind: 'notify', now })]
    const why = `nobody acknowledged: step ${next.step}, round ${next.loop + 1}`
    return { alert, log: [logEntry(now, 'escalated', null, why)], ops, event: 'escalated' }
  }

  /** Counted from the last time that it was told. */
  #repeatOps(alert: StoredAlert, policy: EscalationPolicy, now: number): Op[] {
    const { repeatMs } = groupingOf(policy, alert.severity)
    if (repeatMs === null) return []
    const at = Date.parse(alert.told_at ?? isoTime(now)) + repeatMs
    return [alertJobOp(this.#parts.keys, alert, { kind: 'repeat', now, at: Math.max(at, now) })]
  }

  #ended(before: StoredAlert, seen: string | null, now: number): AlertChange {
    const { keys } = this.#parts
    const alert: StoredAlert = {
      ...before,
      status: 'resolved',
      resolved_by: null,
      resolved_at: isoTime(now),
      next_escalation_at: null,
      revision: before.revision + 1,
    }
    const note = 'nothing was heard of it for 7 days'
    const news = { event: 'resolved', who: null, note } as const
    return {
      alert,
      log: [logEntry(now, 'resolved', null, note)],
      ops: [alertJobOp(keys, alert, { kind: 'update', now, news })],
      guards: [['expect', keys.alertSeen(alert.id), seen]],
      event: 'resolved',
    }
  }
}
