import {
  AlreadyResolved,
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  partitionOf,
  type Store,
  Unavailable,
} from '../src/index.ts'
import type { Acceptance, Identity } from './acceptance.ts'
import {
  type AlertLogEntry,
  type AlertReport,
  dedupKeyOf,
  makeAlert,
  type StoredAlert,
} from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import { enqueueOp, FINAL_TTL_MS, makeJob } from './delivery-job.ts'
import type { Memberships } from './memberships.ts'
import { mintId } from './mint-id.ts'

export interface Raised {
  readonly status: `${AlertReport['severity']}_alert_sent`
  readonly alert_id: string
  readonly notified_users: number
  readonly is_new: boolean
}

/** Who did something to an alert, and what he said about it. */
export interface Doing {
  readonly who: string | null
  readonly note: string | null
}

export interface AlertNews {
  readonly event: 'triggered' | 'acknowledged' | 'unacknowledged' | 'resolved'
  readonly alert: StoredAlert
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly alerts: AlertStore
  readonly memberships: Memberships
  /** Told after every change of state, once it is stored. */
  readonly onNews: (news: AlertNews) => void
}

/** The life of an alert: raised once however often it is reported, acknowledged, resolved. */
export class AlertService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Stores a new alert with the work of telling people, or counts a known one. */
  async raise(report: AlertReport, identity: Identity): Promise<Raised> {
    const { store, keys, acceptance } = this.#parts
    const dedupKey = dedupKeyOf(report)
    const partition = partitionOf(dedupKey, store.partitions)
    const status = `${report.severity}_alert_sent` as const
    const fresh = this.#mintId(identity, dedupKey)
    for (let attempt = 0; attempt < 20; attempt++) {
      const open = await store.get(partition, keys.alertDedup(dedupKey))
      // Our own alert from an attempt whose answer was lost is as new as it was then.
      const made = open === null || open === fresh ? await this.#make(report, fresh) : null
      const id = made?.alert.id ?? open ?? ''
      const accepted = await acceptance.accept<Raised>({
        partition,
        identity,
        creates: made ? keys.alert(id) : keys.never(),
        guards: [['expect', keys.alertDedup(dedupKey), made ? null : open]],
        ops: made?.ops ?? this.#parts.alerts.seenAgainOps(id, this.#parts.clock.now()),
        reply: {
          status,
          alert_id: id,
          notified_users: made?.targets ?? 0,
          is_new: made !== null,
        },
      })
      if (accepted.status === 'conflict') continue
      if (accepted.status === 'fresh' && made) {
        this.#parts.onNews({ event: 'triggered', alert: made.alert })
      }
      return accepted.reply
    }
    throw new Unavailable('The alert is being changed by others; try again.')
  }

  /** Stops the alert from going on; `already_acknowledged` is no error. */
  async acknowledge(
    id: string,
    doing: Doing,
  ): Promise<{ status: 'acknowledged' | 'already_acknowledged'; alert_id: string }> {
    const before = await this.#change(id, 'acknowledged', doing, (alert, at) =>
      alert.status === 'acknowledged'
        ? null
        : {
            ...alert,
            status: 'acknowledged',
            acknowledged: true,
            acknowledged_by: doing.who,
            acknowledged_at: at,
            next_escalation_at: null,
          },
    )
    const again = before.status === 'acknowledged'
    return { status: again ? 'already_acknowledged' : 'acknowledged', alert_id: id }
  }

  /** Takes an acknowledgement back: the alert is triggered again. */
  async unacknowledge(
    id: string,
    doing: Doing,
  ): Promise<{ status: 'triggered'; alert_id: string }> {
    await this.#change(id, 'unacknowledged', doing, (alert) =>
      alert.status === 'triggered'
        ? null
        : {
            ...alert,
            status: 'triggered',
            acknowledged: false,
            acknowledged_by: null,
            acknowledged_at: null,
          },
    )
    return { status: 'triggered', alert_id: id }
  }

  /** Ends the alert; the next report of the same thing is a new one. */
  async resolve(id: string, doing: Doing): Promise<{ status: 'resolved'; alert_id: string }> {
    await this.#change(id, 'resolved', doing, (alert, at) => ({
      ...alert,
      status: 'resolved',
      resolved_by: doing.who,
      resolved_at: at,
      next_escalation_at: null,
    }))
    return { status: 'resolved', alert_id: id }
  }

  /** The open alert that this report belongs to; `NotFound` when there is none. */
  async openAlertOf(report: AlertReport): Promise<string> {
    const { store, keys } = this.#parts
    const key = dedupKeyOf(report)
    const id = await store.get(partitionOf(key, store.partitions), keys.alertDedup(key))
    if (id === null) throw new NotFound(`No open alert of type ${report.type} matches.`)
    return id
  }

  async #make(report: AlertReport, id: string) {
    const { keys, clock, alerts } = this.#parts
    const now = clock.now()
    const alert = makeAlert(id, report, now)
    const targets = await this.targets(alert)
    const why = targets.length === 0 ? 'nobody is an admin or on call' : `${targets.length} people`
    const job = makeJob({
      id: alert.id,
      channel: 'alert',
      priority: report.severity === 'critical' ? 'critical' : 'high',
      content: { alert_id: alert.id },
      now,
    })
    const ops = [
      ...alerts.createOps(alert, [logEntry(now, 'triggered', null, why)]),
      enqueueOp(keys, job, now),
    ]
    return { alert, ops, targets: targets.length }
  }

  #mintId(identity: Identity, owner: string): string {
    const { store, keys, clock } = this.#parts
    const partitions = store.partitions
    return mintId(identity, { scope: keys.scope, partitions, now: clock.now(), owner })
  }

  /** Admins and whoever is on call for this type, once each. */
  async targets(alert: StoredAlert): Promise<string[]> {
    const { memberships } = this.#parts
    const sets = await Promise.all([
      memberships.roleMembers('admin'),
      memberships.onCall(alert.type),
    ])
    return [...new Set(sets.flat())].sort()
  }

  /** Compare and set; `change` answers `null` where there is nothing to do. Resolves to the state before. */
  async #change(
    id: string,
    event: AlertNews['event'],
    { who, note }: Doing,
    change: (alert: StoredAlert, at: string) => StoredAlert | null,
  ): Promise<StoredAlert> {
    const { store, keys, clock, alerts } = this.#parts
    for (let attempt = 0; attempt < 20; attempt++) {
      const { alert, text } = await alerts.read(id)
      if (alert.status === 'resolved') throw new AlreadyResolved(`Alert ${id} is resolved already.`)
      const now = clock.now()
      const after = change(alert, isoTime(now))
      if (after === null) return alert
      const outcome = await store.commit({
        partition: alerts.partition(id),
        guards: [['expect', keys.alert(id), text]],
        ops: [
          ...alerts.logOps(id, [logEntry(now, event, who, note)]),
          ...(after.status === 'resolved'
            ? alerts.closeOps(after, FINAL_TTL_MS)
            : [['set', keys.alert(id), JSON.stringify(after), 0] as const]),
        ],
      })
      if (!outcome.applied) continue
      this.#parts.onNews({ event, alert: after })
      return alert
    }
    throw new Unavailable(`Alert ${id} is being changed by others; try again.`)
  }
}

/** One line of an alert's history. */
export function logEntry(
  now: number,
  what: string,
  who: string | null,
  why: string | null,
): AlertLogEntry {
  return { at: isoTime(now), what, who, why }
}
