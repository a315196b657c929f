import {
  type Bell,
  type Clock,
  type Guard,
  type Keys,
  type Logger,
  type Op,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { FINAL_TTL_MS } from '../deliveries/delivery-job.ts'
import type { FlapLedger, FlapStep } from '../noise/flap-ledger.ts'
import { wakeOp } from '../noise/wake.ts'
import { alertJobId } from './alert-job.ts'
import type { AlertLogEntry, AlertNews, StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertWebhooks } from './alert-webhooks.ts'

/** What becomes of an alert, in one write. */
export interface AlertChange {
  readonly alert: StoredAlert
  readonly log: readonly AlertLogEntry[]
  readonly ops?: readonly Op[]
  readonly guards?: readonly Guard[]
  /** What the outside is told; `null`: nothing. */
  readonly event: AlertNews['event'] | null
}

/** What an alert was, and what it is now: the same where there was nothing to do. */
export interface Changed {
  readonly before: StoredAlert
  readonly after: StoredAlert
}

export type DecideChange = (
  alert: StoredAlert,
  now: number,
) => AlertChange | null | Promise<AlertChange | null>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly log: Logger
  readonly alerts: AlertStore
  readonly webhooks: AlertWebhooks
  readonly flaps: FlapLedger
  /** Told after every change of state, once it is stored. */
  readonly onNews: (news: AlertNews) => void
}

const MOST_ATTEMPTS = 50

/**
 * Changes alerts by compare and set: what was decided of a state happens only
 * while the alert is in it, so of an acknowledgement and an escalation that
 * meet, the later one sees the earlier.
 */
export class AlertChanges {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `decide` answers `null` where there is nothing to do; it may be asked several times. */
  async change(id: string, decide: DecideChange): Promise<Changed> {
    const { store, keys, clock, alerts, onNews } = this.#parts
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const { alert: before, text } = await alerts.read(id)
      const change = await decide(before, clock.now())
      if (change === null) return { before, after: before }
      const { alert: after, guards = [], event } = change
      const flap = await this.#flap(before, after)
      const ops = [...this.opsOf(before, change), ...flap.ops]
      const outcome = await store.commit({
        partition: alerts.partition(id),
        guards: [['expect', keys.alert(id), text], ...guards, ...flap.guards],
        ops,
      })
      if (!outcome.applied) continue
      this.#ring(ops)
      if (event !== null) onNews({ event, alert: after })
      await this.#forget(before, after)
      return { before, after }
    }
    throw new Unavailable(`Alert ${id} is being changed by others; try again.`)
  }

  /** What is resolved may have come and gone too often. */
  async #flap(before: StoredAlert, after: StoredAlert): Promise<Pick<FlapStep, 'guards' | 'ops'>> {
    if (after.status !== 'resolved' || before.status === 'resolved') return { guards: [], ops: [] }
    const { flaps, alerts, clock } = this.#parts
    const text = await flaps.read(after, alerts.partition(after.id))
    return flaps.step(after, 0, text, clock.now())
  }

  /** A change as operations, for a write that holds what {@link AlertChange} guards. */
  opsOf(before: StoredAlert, { alert, log, ops = [], event }: AlertChange): Op[] {
    const { keys, alerts, webhooks, clock } = this.#parts
    const posts = event === null ? [] : webhooks.ops(alert, event, clock.now())
    const isOver = alert.status === 'resolved'
    // What is over already has left its indexes, where the next one of its kind may stand.
    const record: readonly Op[] =
      isOver && before.status !== 'resolved'
        ? alerts.closeOps(alert, FINAL_TTL_MS)
        : [['set', keys.alert(alert.id), JSON.stringify(alert), isOver ? FINAL_TTL_MS : 0]]
    return [
      ...ops,
      ...posts,
      ...alerts.logOps(alert.id, log),
      ...alerts.index.ops(before, alert),
      ...alerts.criticalOps(before, alert),
      ...this.#wakeOps(before, alert),
      ...record,
    ]
  }

  /** What it kept quiet is looked at again. */
  #wakeOps(before: StoredAlert, after: StoredAlert): Op[] {
    const { store, keys, alerts, clock } = this.#parts
    const isOver = after.status === 'resolved' && before.status !== 'resolved'
    if (!isOver || after.inhibits.length === 0) return []
    const partition = alerts.partition(after.id)
    return [wakeOp(keys, { now: clock.now(), partition, partitions: store.partitions })]
  }

  /** Work that waits for days for an alert which has moved on would do nothing. */
  async #forget(before: StoredAlert, after: StoredAlert): Promise<void> {
    const { store, keys, alerts, log } = this.#parts
    const hadEnd = before.acknowledged_until !== null || before.snoozed_until !== null
    const jobs: string[] = []
    if (hadEnd) jobs.push(alertJobId(before.id, 'return', before.revision))
    if (after.status === 'resolved') jobs.push(alertJobId(before.id, 'close', 0))
    for (const job of jobs) {
      const guards = [['withdraw', keys.queue('alert'), job] as const]
      await store
        .commit({ partition: alerts.partition(before.id), guards, ops: [] })
        .catch((error) => log.debug({ err: error, job }, 'a timer of an alert was not withdrawn'))
    }
  }

  #ring(ops: readonly Op[]): void {
    for (const op of ops) if (op[0] === 'enqueue' && op[5] === 0) this.#parts.bell.ring(op[1])
  }
}
