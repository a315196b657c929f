import { createHash } from 'node:crypto'
import {
  type Bell,
  type Clock,
  inPartition,
  type Keys,
  partitionOf,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { AlertWork } from '../alerts/alert-job.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import { type EscalationPolicy, groupingOf } from '../alerts/escalation-policy.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import { labelOf } from './label-matcher.ts'

/** What of an alert waits in a group: to be told, or to be said to be resolved. */
export interface Waiting {
  readonly alertId: string
  readonly revision: number
  readonly what: 'firing' | 'resolved'
}

/** Where an alert is told: when (epoch ms), and in which group; `null`: by itself. */
export interface Turn {
  readonly at: number
  readonly group: string | null
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly alerts: AlertStore
}

const KEPT_MS = 7 * 86_400_000
/** Alerts that were told together become due together: so long they wait for each other. */
const GATHER_MS = 1000

/**
 * Alerts that are told together. A group has a list of what waits, and a log of
 * the alerts that people know of; both lie in the group's own partition.
 */
export class AlertGroups {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  partition(group: string): number {
    return partitionOf(group, this.#parts.store.partitions)
  }

  /** When it is an alert's turn to be told. */
  async turnOf(alert: StoredAlert, policy: EscalationPolicy): Promise<Turn> {
    const { by, waitMs, intervalMs } = groupingOf(policy, alert.severity)
    const now = this.#parts.clock.now()
    if (by === null || (waitMs === 0 && intervalMs === 0)) return { at: now, group: null }
    const group = groupKeyOf(alert, policy.id, by)
    // Only news waits: a step, a return or a repetition is due when it is due.
    if (alert.told_at !== null) {
      return { at: alert.told_with > 1 ? now + GATHER_MS : now, group }
    }
    const last = await this.#lastTold(group)
    const at = last === null ? alert.timestamp * 1000 + waitMs : last + intervalMs
    // Never longer than it would from now on, though the clock was set back.
    return { at: Math.min(Math.max(now, at), now + (last === null ? waitMs : intervalMs)), group }
  }

  /** When a resolved alert that was told with others is said to be resolved. */
  async resolvedTurn(alert: StoredAlert, policy: EscalationPolicy): Promise<number> {
    const { intervalMs } = groupingOf(policy, alert.severity)
    const now = this.#parts.clock.now()
    const last = alert.group_key === null ? null : await this.#lastTold(alert.group_key)
    return last === null ? now + GATHER_MS : Math.max(now + GATHER_MS, last + intervalMs)
  }

  /** Puts it on the list, with durable work that tells whatever is there by then. */
  async join(group: string, waiting: Waiting, at: number): Promise<void> {
    const { store, keys, clock, bell } = this.#parts
    const now = clock.now()
    const partition = this.partition(group)
    // By its name it is found where the group lies.
    const uuid = inPartition(uuidFrom('group', group), partition, store.partitions)
    const id = `${uuid}.flush.${waiting.alertId}.${waiting.what}.${waiting.revision}`
    const content: AlertWork = { alert_id: '', kind: 'flush', revision: 0, group_key: group }
    const job = makeJob({ id, channel: 'alert', priority: 'high', content, now, sendAt: at })
    await store.commit({
      partition,
      ops: [['sadd', keys.groupWaiting(group), memberOf(waiting)], enqueueOp(keys, job, now)],
    })
    if (at <= now) bell.ring(keys.queue('alert'))
  }

  async waiting(group: string): Promise<Waiting[]> {
    const { store, keys } = this.#parts
    const members = await store.members(this.partition(group), keys.groupWaiting(group))
    return members.sort().flatMap(waitingOf)
  }

  /** Why a group is told: nobody knows of it, there is something new in it, or it goes on. */
  async reasonFor(group: string, ids: readonly string[]): Promise<'first' | 'new' | 'repeat'> {
    const { store, keys } = this.#parts
    const known = new Set(await store.members(this.partition(group), keys.groupFiring(group)))
    if (known.size === 0) return 'first'
    return ids.every((id) => known.has(firingMark(id))) ? 'repeat' : 'new'
  }

  /**
   * Some of the list was told (`firing`), or need not be any more (`done`). What was
   * resolved meanwhile may have been forgotten before it was noted: it is once more.
   */
  async told(group: string, firing: readonly string[], done: readonly Waiting[] = []) {
    const { store, keys, clock, alerts } = this.#parts
    await store.commit({
      partition: this.partition(group),
      ops: [
        ...done.map((one) => ['srem', keys.groupWaiting(group), memberOf(one)] as const),
        ...firing.map((id) => ['sadd', keys.groupFiring(group), firingMark(id)] as const),
        ...(firing.length === 0
          ? []
          : [['set', keys.alertGroup(group), String(clock.now()), KEPT_MS] as const]),
      ],
    })
    for (const id of firing) {
      const alert = await alerts.readIfAny(id)
      if (alert === null || alert.status === 'resolved') await this.forget(group, id)
    }
  }

  /** An alert is over: the log forgets it, so that the next one may be the first again. */
  async forget(group: string, alertId: string): Promise<void> {
    const { store, keys } = this.#parts
    const ops = [['srem', keys.groupFiring(group), firingMark(alertId)] as const]
    await store.commit({ partition: this.partition(group), ops })
  }

  /** `null` when people know of no alert in the group. */
  async #lastTold(group: string): Promise<number | null> {
    const { store, keys } = this.#parts
    const partition = this.partition(group)
    const [at, known] = await Promise.all([
      store.get(partition, keys.alertGroup(group)),
      store.count(partition, keys.groupFiring(group)),
    ])
    return at === null || known === 0 ? null : Number(at)
  }
}

function groupKeyOf(alert: StoredAlert, policy: string, by: readonly string[]): string {
  const values = by.map((name) => [...labelOf(alert, name)].sort().join('\0'))
  return createHash('sha256')
    .update(JSON.stringify([policy, ...values]))
    .digest('hex')
    .slice(0, 32)
}

/** How a group's log names an alert. */
export function firingMark(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 22)
}

function memberOf({ alertId, revision, what }: Waiting): string {
  return `${alertId} ${revision} ${what}`
}

function waitingOf(member: string): Waiting[] {
  const [alertId = '', revision = '', what] = member.split(' ')
  if (what !== 'firing' && what !== 'resolved') return []
  return [{ alertId, revision: Number(revision), what }]
}
