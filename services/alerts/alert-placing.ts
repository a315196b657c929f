import { isoTime, type Keys, type Unavailable } from '../../src/index.ts'
import type { AlertChange, AlertChanges } from './alert-changes.ts'
import { alertJobOp } from './alert-job.ts'
import { logEntry, type StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import {
  type EscalationPolicy,
  groupingOf,
  nextPosition,
  type Position,
} from './escalation-policy.ts'
import type { Responders } from './responders.ts'

interface Parts {
  readonly keys: Keys
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly responders: Responders
}

/** An alert that is being told, and to whom. */
export interface Claimed {
  readonly alert: StoredAlert
  readonly policy: EscalationPolicy
  readonly targets: readonly string[]
  /** Why more of them are not known yet, and the work is to be done again; `null`: they are all. */
  readonly away: Unavailable | null
}

interface Claiming {
  readonly revision: number
  /** The work that tells it. */
  readonly by: string
  readonly groupKey: string | null
  readonly together: number
}

/** Where an alert stands once steps with nobody are passed over. */
interface Place {
  readonly at: Position
  readonly targets: readonly string[]
  readonly away: Unavailable | null
  readonly skipped: readonly Position[]
}

/** Decides who hears of an alert now, and plans what follows in the same write. */
export class AlertPlacing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * `null` when the alert has moved on, or other work tells it; the same work
   * gets the same answer again.
   */
  async claim(id: string, claiming: Claiming): Promise<Claimed | null> {
    const { changes, responders } = this.#parts
    let claimed: Claimed | null = null
    await changes.change(id, async (alert, now) => {
      claimed = null
      if (alert.status !== 'triggered' || alert.revision !== claiming.revision) return null
      if (alert.notified && alert.told_in !== claiming.by) return null
      const policy = await responders.policyOf(alert)
      const place = await this.#place(alert, policy)
      const change = this.#placed(alert, { policy, place, claiming, now })
      const { targets, away } = place
      claimed = { alert: alert.notified ? alert : change.alert, policy, targets, away }
      if (!alert.notified) return change
      // Done again: who was not known at first hears what becomes of it too.
      const ops = this.#parts.alerts.toldOps(alert.id, targets)
      return { alert, log: [], ops, event: null }
    })
    return claimed
  }

  /** Passes over steps that have nobody, once around at most. */
  async #place(alert: StoredAlert, policy: EscalationPolicy): Promise<Place> {
    const skipped: Position[] = []
    let at: Position = { step: alert.step, loop: alert.loop }
    for (const _ of policy.steps) {
      const found = await this.#parts.responders.reachable(policy.steps[at.step], alert)
      const { users: targets, away } = found
      if (targets.length > 0) return { at, targets, away, skipped }
      if (away !== null) throw away
      skipped.push(at)
      const next = nextPosition(policy, at)
      if (next === null) break
      at = next
    }
    return { at: skipped.at(-1) ?? at, targets: [], away: null, skipped }
  }

  #placed(
    before: StoredAlert,
    given: { policy: EscalationPolicy; place: Place; claiming: Claiming; now: number },
  ): AlertChange {
    const { policy, claiming, now } = given
    const { at, targets, skipped } = given.place
    const { keys, alerts } = this.#parts
    const dueAt = nextDueAt(before, { policy, at, now })
    const alert: StoredAlert = {
      ...before,
      ...at,
      notified: true,
      told_in: claiming.by,
      told_at: isoTime(now),
      told_with: claiming.together,
      // Told by itself it stays known in its group, until it is resolved.
      group_key: claiming.groupKey ?? before.group_key,
      next_escalation_at: dueAt === null ? null : isoTime(dueAt),
    }
    const { repeatMs } = groupingOf(policy, alert.severity)
    const again = repeatMs !== null && (dueAt === null || now + repeatMs < dueAt)
    return {
      alert,
      log: skipped.map(({ step }) => logEntry(now, 'skipped', null, `nobody in step ${step}`)),
      ops: [
        ...alerts.toldOps(alert.id, targets),
        ...(dueAt === null ? [] : [alertJobOp(keys, alert, { kind: 'escalate', now, at: dueAt })]),
        ...(again ? [alertJobOp(keys, alert, { kind: 'repeat', now, at: now + repeatMs })] : []),
      ],
      event: null,
    }
  }
}

/** When the next step is told (epoch ms); a repetition does not put it off. */
function nextDueAt(
  alert: StoredAlert,
  { policy, at, now }: { policy: EscalationPolicy; at: Position; now: number },
): number | null {
  if (alert.exhausted) return null
  if (alert.next_escalation_at !== null) return Date.parse(alert.next_escalation_at)
  // An alert that only informs ends quietly.
  const goesOn = alert.severity !== 'info' || nextPosition(policy, at) !== null
  return goesOn ? now + (policy.steps[at.step]?.delay_minutes ?? 0) * 60_000 : null
}
