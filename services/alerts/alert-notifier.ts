import {
  type Clock,
  Filtered,
  inPartition,
  isoTime,
  type Keys,
  type Logger,
  partitionOf,
  type Settlement,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { FlapLedger } from '../noise/flap-ledger.ts'
import type { Silences } from '../noise/silences.ts'
import { ownWork } from '../notifications/acceptance.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import type { AlertChange, AlertChanges } from './alert-changes.ts'
import { type AlertJob, alertJobOp, personalJobOp } from './alert-job.ts'
import { logEntry, type Severity, type StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import {
  alertMessage,
  exhaustedMessage,
  flappingMessage,
  settledMessage,
  updateMessage,
} from './alert-words.ts'
import { type EscalationPolicy, nextPosition, type Position } from './escalation-policy.ts'
import type { NotificationRules, PersonalPlan } from './notification-rules.ts'
import type { Responders } from './responders.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly responders: Responders
  readonly notifications: NotificationService
  readonly rules: NotificationRules
  readonly flaps: FlapLedger
  readonly silences: Silences
}

/** Where an alert stands once steps with nobody are passed over. */
interface Place {
  readonly at: Position
  readonly targets: readonly string[]
  readonly skipped: readonly Position[]
}

/** How many open alerts are looked at before a silence may end with the last of them. */
const MOST_OPEN = 1000
const NOTHING: Settlement = { ops: [] }

/** Tells people of an alert. Doing it again tells nobody twice. */
export class AlertNotifier {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Tells the people of the alert's step, and plans the next one in the same write as saying so. */
  async notify(job: AlertJob): Promise<Settlement> {
    const { alerts, changes, responders, clock } = this.#parts
    let targets: readonly string[] = []
    const { after } = await changes.change(job.alert_id, async (alert, now) => {
      targets = []
      if (alert.status !== 'triggered' || alert.revision !== job.revision) return null
      const policy = await responders.policyOf(alert)
      const place = await this.#place(alert, policy)
      targets = place.targets
      return alert.notified ? null : this.#placed(alert, policy, place, now)
    })
    if (targets.length === 0) return NOTHING
    const alert = await alerts.find(after.id)
    const policy = await responders.policyOf(after)
    const stepChannels = policy.steps[after.step]?.channels ?? null
    const plans = await this.#plans(targets, alert.severity, stepChannels)
    const channelsOf = (user: string) => plans.get(user)?.atOnce ?? stepChannels
    const isCritical = alert.severity === 'critical'
    const told = await this.#tell(after, {
      targets,
      messageFor: (user) => alertMessage(alert, channelsOf(user)),
      frames: isCritical ? [{ type: 'critical_alert', data: JSON.stringify(alert) }] : [],
      overrides: isCritical,
    })
    const now = clock.now()
    const later = [...plans].flatMap(([userId, plan]) =>
      plan.later.map((one) =>
        personalJobOp(this.#parts.keys, after, { personal: { ...one, userId }, now }),
      ),
    )
    return { ops: [...later, ...alerts.logOps(alert.id, [logEntry(now, 'notified', null, told)])] }
  }

  /** Tells one person on further channels, as he wants it when nobody has answered by now. */
  async personal({ alert_id, revision, personal }: AlertJob): Promise<Settlement> {
    const { alerts, clock } = this.#parts
    const alert = await alerts.find(alert_id)
    const isOver = alert.status !== 'triggered' || revision < alert.triggered_revision
    if (isOver || personal === undefined) return NOTHING
    const { userId, delayMinutes, channels } = personal
    const named = { ...alert, revision }
    await this.#tell(named, {
      targets: [userId],
      messageFor: () => alertMessage(alert, channels),
      frames: [],
      overrides: alert.severity === 'critical',
      part: String(delayMinutes),
    })
    const why = `${userId} after ${delayMinutes} min: ${channels.join(', ')}`
    return { ops: alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, why)]) }
  }

  /** Personal rules hold where a step names no channels itself. */
  async #plans(
    targets: readonly string[],
    severity: Severity,
    stepChannels: readonly ChannelName[] | null,
  ): Promise<Map<string, PersonalPlan>> {
    if (stepChannels !== null) return new Map()
    const { rules } = this.#parts
    const plans = await Promise.all(targets.map((user) => rules.plan(user, severity)))
    return new Map(
      targets.flatMap((user, n) => {
        const plan = plans[n]
        return plan ? [[user, plan] as const] : []
      }),
    )
  }

  /** Says what became of an alert to everybody who was told of it. */
  async update(job: AlertJob): Promise<Settlement> {
    const { alerts, silences } = this.#parts
    if (job.news === undefined) return NOTHING
    const { alert } = await alerts.read(job.alert_id)
    const targets = await alerts.told(alert.id)
    const message = updateMessage(alert, job.news)
    // Named by the job: later changes of the alert do not make it another message.
    const named = { ...alert, revision: job.revision }
    await this.#tell(named, { targets, messageFor: () => message, frames: [], overrides: false })
    if (alert.status === 'resolved')
      await silences.resolved(alert, () => alerts.list('open', MOST_OPEN))
    return NOTHING
  }

  /** Tells the admins, once, that nobody answers. */
  async exhausted(job: AlertJob): Promise<Settlement> {
    const { alerts, responders } = this.#parts
    const { alert } = await alerts.read(job.alert_id)
    if (alert.status !== 'triggered' || alert.revision !== job.revision) return NOTHING
    await this.#tell(alert, {
      targets: await responders.admins(),
      messageFor: () => exhaustedMessage(alert),
      frames: [],
      overrides: alert.severity === 'critical',
    })
    return NOTHING
  }

  /** Says once that something changes too often to be told each time. */
  async flapping(job: AlertJob): Promise<Settlement> {
    const { alerts, flaps } = this.#parts
    const { alert } = await alerts.read(job.alert_id)
    if (!(await flaps.isFlapping(alert, alerts.partition(alert.id)))) return NOTHING
    return this.#toFirstStep(alert, job, flappingMessage(alert))
  }

  /** Says that it has settled, and is resolved. */
  async settled(job: AlertJob): Promise<Settlement> {
    const { alert } = await this.#parts.alerts.read(job.alert_id)
    return this.#toFirstStep(alert, job, settledMessage(alert))
  }

  async #toFirstStep(alert: StoredAlert, job: AlertJob, message: Message): Promise<Settlement> {
    const { alerts, responders, clock } = this.#parts
    const policy = await responders.policyOf(alert)
    const told = await this.#tell(
      { ...alert, revision: job.revision },
      {
        targets: await responders.of(policy.steps[0], alert),
        messageFor: () => message,
        frames: [],
        overrides: alert.severity === 'critical',
      },
    )
    return { ops: alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, told)]) }
  }

  /** Passes over steps that have nobody, once around at most. */
  async #place(alert: StoredAlert, policy: EscalationPolicy): Promise<Place> {
    const skipped: Position[] = []
    let at: Position = { step: alert.step, loop: alert.loop }
    for (const _ of policy.steps) {
      const targets = await this.#parts.responders.of(policy.steps[at.step], alert)
      if (targets.length > 0) return { at, targets, skipped }
      skipped.push(at)
      const next = nextPosition(policy, at)
      if (next === null) break
      at = next
    }
    return { at: skipped.at(-1) ?? at, targets: [], skipped }
  }

  #placed(
    before: StoredAlert,
    policy: EscalationPolicy,
    { at, targets, skipped }: Place,
    now: number,
  ): AlertChange {
    const { keys, alerts } = this.#parts
    // An alert that only informs ends quietly.
    const goesOn = before.severity !== 'info' || nextPosition(policy, at) !== null
    const dueAt = goesOn ? now + (policy.steps[at.step]?.delay_minutes ?? 0) * 60_000 : null
    const alert = {
      ...before,
      ...at,
      notified: true,
      next_escalation_at: dueAt === null ? null : isoTime(dueAt),
    }
    const next =
      dueAt === null ? [] : [alertJobOp(keys, alert, { kind: 'escalate', now, at: dueAt })]
    return {
      alert,
      log: skipped.map(({ step }) => logEntry(now, 'skipped', null, `nobody in step ${step}`)),
      ops: [...alerts.toldOps(alert.id, targets), ...next],
      event: null,
    }
  }

  async #tell(
    alert: StoredAlert,
    telling: {
      readonly targets: readonly string[]
      readonly messageFor: (userId: string) => Message
      readonly frames: readonly { readonly type: string; readonly data: string }[]
      readonly overrides: boolean
      /** Which of several tellings of one revision it is. */
      readonly part?: string
    },
  ): Promise<string> {
    const { store, log, notifications } = this.#parts
    const { targets, messageFor, frames, overrides, part = '' } = telling
    const send = (userId: string) => {
      const message = messageFor(userId)
      const name = uuidFrom(alert.id, message.type, `${alert.revision}.${part}`, userId)
      const id = inPartition(name, partitionOf(userId, store.partitions), store.partitions)
      return notifications.send({
        userId,
        id,
        message,
        identity: ownWork,
        frames,
        overridesPreferences: overrides,
      })
    }
    const results = await Promise.allSettled(targets.map(send))
    const failed = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    const unavailable = failed.find((reason) => reason?.retryable === true)
    if (unavailable) throw unavailable
    for (const reason of failed.filter((one) => !(one instanceof Filtered))) {
      log.error({ err: reason, alert: alert.id }, 'somebody was not told of an alert')
    }
    return `${targets.length - failed.length} told`
  }
}
