import type { Clock, Settlement } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { AlertGroups } from '../noise/alert-groups.ts'
import type { FlapLedger } from '../noise/flap-ledger.ts'
import type { Silences } from '../noise/silences.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { AlertJob } from './alert-job.ts'
import { logEntry, type StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertTeller } from './alert-teller.ts'
import {
  exhaustedMessage,
  flappingMessage,
  isAwaited,
  settledMessage,
  updateMessage,
} from './alert-words.ts'
import { channelsSoFar, EVERY_CHANNEL } from './escalation-policy.ts'
import type { Responders } from './responders.ts'

interface Parts {
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly flaps: FlapLedger
  readonly groups: AlertGroups
  readonly responders: Responders
  readonly silences: Silences
  readonly teller: AlertTeller
}

const NOTHING: Settlement = { ops: [] }

/** Says what became of alerts, to those who must know. */
export class AlertNotices {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** To everybody who was told of it. */
  async update(job: AlertJob): Promise<Settlement> {
    const { alerts, silences } = this.#parts
    if (job.news === undefined) return NOTHING
    const { alert } = await alerts.read(job.alert_id)
    const isOver = job.news.event === 'resolved'
    if (!isOver || !(await this.#isForGroup(alert, job))) await this.#toldOf(alert, job, job.news)
    if (isOver) await silences.resolved(alert, () => alerts.open())
    return NOTHING
  }

  /** Tells the admins, once, that nobody answers. */
  async exhausted(job: AlertJob): Promise<Settlement> {
    const { alerts, responders, teller } = this.#parts
    const { alert } = await alerts.read(job.alert_id)
    if (alert.status !== 'triggered' || alert.revision !== job.revision) return NOTHING
    await teller.tell({
      name: [alert.id, `${alert.revision}.`],
      targets: await responders.admins(),
      messageFor: () => exhaustedMessage(alert),
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

  /** Whether nothing is to be said, or its group says it: what was told together ends together. */
  async #isForGroup(alert: StoredAlert, { revision }: AlertJob): Promise<boolean> {
    const { groups, responders } = this.#parts
    const policy = await responders.policyOf(alert)
    const { group_key: group, id: alertId } = alert
    if (group !== null) await groups.forget(group, alertId)
    if (policy.send_resolved === false) return true
    if (group === null || alert.told_with < 2) return false
    const at = await groups.resolvedTurn(alert, policy)
    await groups.join(group, { alertId, revision, what: 'resolved' }, at)
    return true
  }

  async #toldOf(
    alert: StoredAlert,
    { revision }: AlertJob,
    news: NonNullable<AlertJob['news']>,
  ): Promise<void> {
    const { alerts, teller } = this.#parts
    const targets = await alerts.told(alert.id)
    const isUrgent = isAwaited(alert, news)
    const channelsOf = await this.#channelsOf(alert, targets)
    // Named by the job: later changes of the alert do not make it another message.
    await teller.tell({
      name: [alert.id, `${revision}.`],
      targets,
      // Whoever did it himself knows, and need not be rung for it.
      messageFor: (user) =>
        updateMessage(alert, news, isUrgent && user !== news.who ? channelsOf(user) : null),
      overrides: isUrgent,
    })
  }

  /** By which channels each heard of the alert until now. */
  async #channelsOf(
    alert: StoredAlert,
    targets: readonly string[],
  ): Promise<(user: string) => readonly ChannelName[]> {
    const { clock, responders, teller } = this.#parts
    const named = channelsSoFar(await responders.policyOf(alert), alert)
    const plans = await teller.plans(targets, alert.severity, named)
    const elapsedMs = clock.now() - Date.parse(alert.told_at ?? alert.created_at)
    return (user) => {
      const plan = plans.get(user)
      if (plan === undefined) return named ?? EVERY_CHANNEL
      const later = plan.later.filter(({ delayMinutes }) => delayMinutes * 60_000 <= elapsedMs)
      return [...plan.atOnce, ...later.flatMap(({ channels }) => channels)]
    }
  }

  async #toFirstStep(alert: StoredAlert, job: AlertJob, message: Message): Promise<Settlement> {
    const { alerts, responders, teller, clock } = this.#parts
    const policy = await responders.policyOf(alert)
    const told = await teller.tell({
      name: [alert.id, `${job.revision}.`],
      targets: await responders.of(policy.steps[0], alert),
      messageFor: () => message,
      overrides: alert.severity === 'critical',
    })
    return { ops: alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, told)]) }
  }
}
