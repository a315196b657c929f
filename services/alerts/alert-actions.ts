import { createHash } from 'node:crypto'
import {
  AlreadyResolved,
  InvalidPayload,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { AlertChange, AlertChanges, Changed } from './alert-changes.ts'
import { alertJobOp } from './alert-job.ts'
import { type AlertEvent, logEntry, type StoredAlert, triggeredAgain } from './alert-record.ts'
import { nextPosition } from './escalation-policy.ts'
import type { Responders } from './responders.ts'

/** Who did something to an alert, and what he said about it. */
export interface Doing {
  readonly who: string | null
  readonly note: string | null
  /** Names what he did it by, such as a text message that may be told us twice: that has one effect. */
  readonly once?: string
}

/** What is known of an alert after somebody did something to it. */
export type Done<Status extends string> = {
  readonly status: Status
  readonly alert_id: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly changes: AlertChanges
  readonly responders: Responders
}

/** Longer than a link in a message holds. */
const ONCE_TTL_MS = 25 * 3_600_000

/** A short name for what somebody answered by. */
export function answerHash(once: string): string {
  return createHash('sha256').update(once).digest('hex').slice(0, 32)
}

/** What people do to an alert. Each throws `NotFound` or `AlreadyResolved`. */
export class AlertActions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Stops the alert from going on, for `forMs` or as long as its policy lets an
   * acknowledgement hold; `already_acknowledged` is no error.
   */
  async acknowledge(
    id: string,
    doing: Doing,
    forMs: number | null = null,
  ): Promise<Done<'acknowledged' | 'already_acknowledged'>> {
    const { before, after } = await this.#change(id, doing, async (alert, now) => {
      const policy = await this.#parts.responders.policyOf(alert)
      const answered = policy.steps[alert.step]?.multi_ack ? withAnswer(alert, doing) : []
      if (alert.status === 'acknowledged' && forMs === null) {
        if (answered.length <= alert.acknowledged_users.length) return null
        const log = [logEntry(now, 'acknowledged', doing.who, doing.note)]
        return { alert: { ...alert, acknowledged_users: answered }, log, event: null }
      }
      const { ack_timeout_minutes: minutes } = policy
      const holdsMs = forMs ?? (minutes === null ? null : minutes * 60_000)
      const until = holdsMs === null ? null : now + holdsMs
      const after: StoredAlert = {
        ...stopped(alert),
        status: 'acknowledged',
        acknowledged: true,
        acknowledged_by: doing.who,
        acknowledged_at: isoTime(now),
        acknowledged_until: until === null ? null : isoTime(until),
        acknowledged_users: answered,
      }
      return this.#answered(after, 'acknowledged', { now, until, ...doing })
    })
    const isFirstOfHis = after.acknowledged_users.length > before.acknowledged_users.length
    const again = before.status === 'acknowledged' && !isFirstOfHis
    return { status: again ? 'already_acknowledged' : 'acknowledged', alert_id: id }
  }

  /** Silences the alert until a moment (epoch ms), then it is triggered again. */
  async snooze(id: string, doing: Doing, until: number): Promise<Done<'snoozed'>> {
    await this.#change(id, doing, async (alert, now) => {
      if (until <= now) throw new InvalidPayload('An alert is snoozed until a moment to come.')
      const after: StoredAlert = {
        ...stopped(alert),
        status: 'snoozed',
        snoozed_until: isoTime(until),
      }
      return this.#answered(after, 'snoozed', { now, until, ...doing })
    })
    return { status: 'snoozed', alert_id: id }
  }

  /** Takes an acknowledgement or a snooze back: the policy begins again. */
  async unacknowledge(id: string, doing: Doing): Promise<Done<'triggered'>> {
    await this.#change(id, doing, async (alert, now) => {
      if (alert.status === 'triggered') return null
      return this.#told(triggeredAgain(alert, now), 'unacknowledged', { now, ...doing })
    })
    return { status: 'triggered', alert_id: id }
  }

  /**
   * Tells the people of the next step at once, also when somebody has acknowledged,
   * while the alert is silenced, and without waiting for others of its group.
   */
  async escalate(id: string, doing: Doing): Promise<Done<'escalated'> & { readonly step: number }> {
    const { after } = await this.#change(id, doing, async (alert, now) => {
      const policy = await this.#parts.responders.policyOf(alert)
      const next = nextPosition(policy, alert) ?? { step: 0, loop: 0 }
      const given = { now, atCommand: true, ...doing }
      return this.#told({ ...triggeredAgain(alert, now), ...next }, 'escalated', given)
    })
    return { status: 'escalated', alert_id: id, step: after.step }
  }

  /** Ends the alert; the next report of the same thing is a new one. */
  async resolve(id: string, doing: Doing): Promise<Done<'resolved'>> {
    await this.#change(id, doing, async (alert, now) => {
      const after: StoredAlert = {
        ...stopped(alert),
        status: 'resolved',
        resolved_by: doing.who,
        resolved_at: isoTime(now),
      }
      return this.#answered(after, 'resolved', { now, until: null, ...doing })
    })
    return { status: 'resolved', alert_id: id }
  }

  #change(
    id: string,
    { once }: Doing,
    decide: (alert: StoredAlert, now: number) => Promise<AlertChange | null>,
  ): Promise<Changed> {
    const { store, keys, changes } = this.#parts
    const mark = once === undefined ? null : keys.answered(answerHash(once))
    const partition = partitionOf(id, store.partitions)
    return changes.change(id, async (alert, now) => {
      if (mark !== null && (await store.get(partition, mark)) !== null) return null
      if (alert.status === 'resolved') throw new AlreadyResolved(`Alert ${id} is resolved already.`)
      const change = await decide(alert, now)
      if (change === null || mark === null) return change
      const done: Op = ['set', mark, isoTime(now), ONCE_TTL_MS]
      return { ...change, ops: [...(change.ops ?? []), done] }
    })
  }

  /** Nobody need look any more; who was told hears of it, and it may come back. */
  #answered(
    alert: StoredAlert,
    event: AlertEvent,
    { now, until, who, note }: Doing & { now: number; until: number | null },
  ): AlertChange {
    const { keys } = this.#parts
    const update = alertJobOp(keys, alert, { kind: 'update', now, news: { event, who, note } })
    const back = until === null ? [] : [alertJobOp(keys, alert, { kind: 'return', now, at: until })]
    return { alert, log: [logEntry(now, event, who, note)], ops: [update, ...back], event }
  }

  /** The people of the alert's step are told; `atCommand`: whatever keeps it quiet. */
  #told(
    alert: StoredAlert,
    event: AlertEvent,
    { now, who, note, atCommand = false }: Doing & { now: number; atCommand?: boolean },
  ): AlertChange {
    const ops = [alertJobOp(this.#parts.keys, alert, { kind: 'notify', now, atCommand })]
    return { alert, log: [logEntry(now, event, who, note)], ops, event }
  }
}

/** Those who acknowledged where each has to, with one more. */
function withAnswer({ acknowledged_users: answered }: StoredAlert, { who }: Doing): string[] {
  return who === null ? [...answered] : [...new Set([...answered, who])]
}

/** Neither escalated nor waiting to come back. */
function stopped(alert: StoredAlert): StoredAlert {
  return {
    ...alert,
    acknowledged_until: null,
    snoozed_until: null,
    next_escalation_at: null,
    revision: alert.revision + 1,
  }
}
