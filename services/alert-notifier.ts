import {
  type Bell,
  type Clock,
  inPartition,
  type Keys,
  type Lease,
  type Logger,
  partitionOf,
  type Settlement,
  type Store,
  uuidFrom,
} from '../src/index.ts'
import { ownWork } from './acceptance.ts'
import type { AlertRecord, Severity } from './alert-record.ts'
import { type AlertService, logEntry } from './alert-service.ts'
import type { AlertStore } from './alert-store.ts'
import type { ChannelName } from './channel-policy.ts'
import { type DeliveryJob, enqueueOp, jobKey } from './delivery-job.ts'
import type { MaintenanceService } from './maintenance-service.ts'
import { type Message, messageOf } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

/** "All channels" of the seed: whatever reaches the person. */
const EVERY_CHANNEL: readonly ChannelName[] = [
  'realtime',
  'email',
  'sms',
  'push',
  'slack',
  'discord',
  'webhook',
]

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly bell: Bell
  readonly alerts: AlertStore
  readonly service: AlertService
  readonly maintenance: MaintenanceService
  readonly notifications: NotificationService
}

interface AlertContent {
  readonly alert_id: string
  /** The maintenance for which it waits. */
  readonly silenced_by?: string
}

/** A maintenance may end before its time; how late that is noticed at worst. */
const LOOK_AGAIN_MS = 60_000
const MOST_WOKEN = 1000

/** Tells admins and whoever is on call that an alert was raised. */
export class AlertNotifier {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The worker's part; repeating it tells nobody twice. */
  handle = async (lease: Lease): Promise<Settlement> => {
    const { alerts, maintenance, service, clock, keys } = this.#parts
    const job = JSON.parse(lease.job) as DeliveryJob<AlertContent>
    const alert = await alerts.find(job.alert_id)
    if (alert.status !== 'triggered') return done(keys, job)

    const silence = await maintenance.silencing(alert.affected_systems)
    if (silence) return this.#wait(job, alert.id, silence)

    const targets = await service.targets(alert)
    const results = await Promise.allSettled(targets.map((user) => this.#tell(user, alert)))
    const failed = results.filter((result) => result.status === 'rejected')
    const unavailable = failed.find(({ reason }) => reason?.retryable === true)
    if (unavailable) throw unavailable.reason
    for (const { reason } of failed) {
      this.#parts.log.error({ err: reason, alert: alert.id }, 'somebody was not told of an alert')
    }
    const told = `${targets.length - failed.length} told`
    return {
      ops: [
        ...alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, told)]),
        ...done(keys, job).ops,
      ],
    }
  }

  #tell(userId: string, alert: AlertRecord): Promise<unknown> {
    const { store, notifications } = this.#parts
    const partition = partitionOf(userId, store.partitions)
    const id = inPartition(uuidFrom(alert.id, userId), partition, store.partitions)
    const critical = alert.severity === 'critical'
    return notifications.send({
      userId,
      id,
      message: messageFor(alert),
      identity: ownWork,
      overridesPreferences: critical,
      frames: critical ? [{ type: 'critical_alert', data: JSON.stringify(alert) }] : [],
    })
  }

  /** A maintenance is over: alerts that waited for its end are looked at now. */
  async wake(): Promise<void> {
    const { alerts, bell, keys } = this.#parts
    const open = await alerts.list('open', MOST_WOKEN)
    const silenced = open.filter(({ affected_systems }) => affected_systems.length > 0)
    await Promise.all(silenced.map(({ id }) => this.#hasten(id)))
    bell.ring(keys.queue('alert'))
  }

  /** Nothing happens to an alert that is being told of, or was. */
  async #hasten(id: string): Promise<void> {
    const { store, alerts, keys, clock } = this.#parts
    const partition = alerts.partition(id)
    const text = await store.get(partition, jobKey(keys, 'alert', id))
    if (text === null) return
    const now = clock.now()
    const job = { ...(JSON.parse(text) as DeliveryJob), send_at: now / 1000 }
    await store.commit({
      partition,
      guards: [['withdraw', keys.queue('alert'), id]],
      ops: [enqueueOp(keys, job, now)],
    })
  }

  /** Silent while the maintenance lasts; looked at again now and then, and when it ends. */
  #wait(
    job: DeliveryJob<AlertContent>,
    alertId: string,
    silence: { id: string; endsAt: number },
  ): Settlement {
    const { alerts, keys, clock } = this.#parts
    const now = clock.now()
    const entry = logEntry(now, 'silenced', null, `maintenance ${silence.id}`)
    const isKnown = job.silenced_by === silence.id
    const next = {
      ...job,
      silenced_by: silence.id,
      send_at: Math.min(silence.endsAt, now + LOOK_AGAIN_MS) / 1000,
    }
    return {
      ops: [...(isKnown ? [] : alerts.logOps(alertId, [entry])), enqueueOp(keys, next, now)],
    }
  }
}

function done(keys: Keys, job: DeliveryJob): Settlement {
  return { ops: [['del', jobKey(keys, job.channel, job.id)]] }
}

const PRIORITY = { critical: 'critical', warning: 'high', info: 'normal' } as const

function messageFor(alert: AlertRecord): Message {
  const label: Record<Severity, string> = {
    critical: 'CRITICAL ALERT',
    warning: 'Warning',
    info: 'Info',
  }
  return messageOf({
    title: `${label[alert.severity]}: ${alert.type}`,
    message: alert.message,
    type: `alert.${alert.severity}`,
    priority: PRIORITY[alert.severity],
    data: { alert_id: alert.id, alert_type: alert.type, source: alert.source },
    actions: [{ type: 'ack', label: 'Acknowledge', alert_id: alert.id }],
    channels: alert.severity === 'critical' ? EVERY_CHANNEL : null,
    shortText: `${alert.severity.toUpperCase()}: ${alert.type} - ${alert.message}`,
  })
}
