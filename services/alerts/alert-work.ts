import {
  type Bell,
  type Clock,
  type Keys,
  type Lease,
  NotFound,
  type Settlement,
  type Store,
} from '../../src/index.ts'
import { enqueueOp, jobKey } from '../deliveries/delivery-job.ts'
import { type AlertJob, alertJobId } from './alert-job.ts'
import type { AlertNotifier } from './alert-notifier.ts'
import { type AlertRecord, logEntry, type StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertTimers } from './alert-timers.ts'
import type { MaintenanceService } from './maintenance-service.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly alerts: AlertStore
  readonly notifier: AlertNotifier
  readonly timers: AlertTimers
  readonly maintenance: MaintenanceService
}

/** A maintenance may end before its time; how late that is noticed at worst. */
const LOOK_AGAIN_MS = 60_000
const MOST_WOKEN = 1000
const SILENCEABLE = ['notify', 'personal', 'escalate', 'exhausted'] as const

/** The worker's part of alerts: every job of the alert queue, and what silence puts off. */
export class AlertWorkHandler {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as AlertJob
    try {
      return (await this.#silenced(job)) ?? (await this.#perform(job))
    } catch (error) {
      // Resolved for more than a day: there is nobody to tell.
      if (error instanceof NotFound) return { ops: [] }
      throw error
    }
  }

  /** A maintenance is over: alerts that waited for its end are looked at now. */
  async wake(): Promise<void> {
    const { alerts, bell, keys } = this.#parts
    const open = await alerts.list('open', MOST_WOKEN)
    const silenced = open.filter(({ affected_systems }) => affected_systems.length > 0)
    await Promise.all(silenced.map((alert) => this.#hasten(alert)))
    bell.ring(keys.queue('alert'))
  }

  #perform(job: AlertJob): Promise<Settlement> {
    const { notifier, timers } = this.#parts
    switch (job.kind) {
      case 'escalate':
      case 'return':
      case 'close':
        return timers[job.kind](job)
      case 'personal':
      case 'update':
      case 'exhausted':
        return notifier[job.kind](job)
      default:
        return notifier.notify(job)
    }
  }

  /** Silent while a maintenance lasts; looked at again now and then, and when it ends. */
  async #silenced(job: AlertJob): Promise<Settlement | null> {
    const { alerts, maintenance, keys, clock } = this.#parts
    if (!SILENCEABLE.some((kind) => kind === job.kind)) return null
    const { alert } = await alerts.read(job.alert_id)
    if (!isCurrent(alert, job)) return { ops: [] }
    const silence = await maintenance.silencing(alert.affected_systems)
    if (silence === null) return null
    const now = clock.now()
    const entry = logEntry(now, 'silenced', null, `maintenance ${silence.id}`)
    const send_at = Math.min(silence.endsAt, now + LOOK_AGAIN_MS) / 1000
    const next = { ...job, silenced_by: silence.id, send_at }
    const isKnown = job.silenced_by === silence.id
    return {
      ops: [...(isKnown ? [] : alerts.logOps(alert.id, [entry])), enqueueOp(keys, next, now)],
    }
  }

  /** Nothing happens to an alert that is being told of, or was. */
  async #hasten({ id, revision }: AlertRecord): Promise<void> {
    const { store, alerts, keys, clock } = this.#parts
    const partition = alerts.partition(id)
    const jobId = alertJobId(id, 'notify', revision)
    const text = await store.get(partition, jobKey(keys, 'alert', jobId))
    if (text === null) return
    const now = clock.now()
    const job = { ...(JSON.parse(text) as AlertJob), send_at: now / 1000 }
    await store.commit({
      partition,
      guards: [['withdraw', keys.queue('alert'), jobId]],
      ops: [enqueueOp(keys, job, now)],
    })
  }
}

function isCurrent(alert: StoredAlert, job: AlertJob): boolean {
  if (alert.status !== 'triggered') return false
  // A person's own rules go on while steps follow each other.
  if (job.kind === 'personal') return job.revision >= alert.triggered_revision
  return alert.revision === job.revision
}
