import {
  type Clock,
  isoTime,
  type Keys,
  type Logger,
  type Settlement,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import { FINAL_TTL_MS } from '../deliveries/delivery-job.ts'
import type { AlertGroups } from '../noise/alert-groups.ts'
import { type AlertJob, isAbout, personalJobOp } from './alert-job.ts'
import type { AlertPlacing, Claimed } from './alert-placing.ts'
import { logEntry } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertTeller } from './alert-teller.ts'
import { alertMessage } from './alert-words.ts'
import type { PersonalPlan } from './notification-rules.ts'
import type { Responders } from './responders.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly alerts: AlertStore
  readonly groups: AlertGroups
  readonly placing: AlertPlacing
  readonly responders: Responders
  readonly teller: AlertTeller
}

const NOTHING: Settlement = { ops: [] }

/** Tells the people of a step of an alert, at once or when it is the turn of its group. */
export class AlertNotifier {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Tells the people of the alert's step, and plans the next one in the same write as saying so. */
  async notify(job: AlertJob): Promise<Settlement> {
    const { alerts, responders, groups, placing, clock } = this.#parts
    const read = await alerts.read(job.alert_id)
    const { alert } = read
    if (!isAbout(job, alert)) return NOTHING
    const now = clock.now()
    // Begun already: it ends as it began.
    const turn = alert.notified
      ? { at: now, group: alert.group_key }
      : await groups.turnOf(alert, await responders.policyOf(alert))
    if (turn.group !== null && turn.at > now && !job.at_command) {
      const { id: alertId, revision } = alert
      await groups.join(turn.group, { alertId, revision, what: 'firing' }, turn.at)
      const why = `for others of its group until ${isoTime(turn.at)}`
      await alerts.note(read, [logEntry(now, 'waits', null, why)])
      return NOTHING
    }
    const { revision } = job
    const claiming = { revision, by: job.id, groupKey: turn.group, together: 1 }
    const claimed = await placing.claim(alert.id, claiming)
    if (claimed === null) return NOTHING
    if (claimed.targets.length === 0) {
      const { id, type, policy } = claimed.alert
      this.#parts.log.warn({ alert: id, type, policy }, 'an alert reaches nobody')
      return NOTHING
    }
    const settlement = await this.tellOne(claimed)
    if (turn.group !== null) await groups.told(turn.group, [alert.id])
    return settlement
  }

  /** Tells people of one alert by itself; answers with what is then to be written beside it. */
  async tellOne({ alert: after, policy, targets, away }: Claimed): Promise<Settlement> {
    const { alerts, teller, clock } = this.#parts
    const alert = await alerts.find(after.id)
    // Somebody was faster.
    if (alert.revision !== after.revision) return NOTHING
    const stepChannels = policy.steps[after.step]?.channels ?? null
    const plans = await teller.plans(targets, alert.severity, stepChannels)
    await this.planLater(after, targets, plans)
    const isCritical = alert.severity === 'critical'
    const frames = isCritical ? [{ type: 'critical_alert', data: JSON.stringify(alert) }] : []
    const told = await teller.tell({
      name: [alert.id, `${after.revision}.`],
      targets,
      messageFor: (user) => alertMessage(alert, plans.get(user)?.atOnce ?? stepChannels),
      framesFor: () => frames,
      overrides: isCritical,
    })
    // Those of whom we know have been told; the others are once we know of them.
    if (away !== null) throw away
    return { ops: alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, told)]) }
  }

  /**
   * Plans what people want to hear on further channels when nobody has answered by then,
   * counted from the moment at which their step was taken up: before they are told, so that
   * nobody's waits for somebody else to be told.
   */
  async planLater(
    alert: Claimed['alert'],
    targets: readonly string[],
    plans: ReadonlyMap<string, PersonalPlan>,
  ): Promise<void> {
    const { store, keys, clock, alerts } = this.#parts
    const now = clock.now()
    const since = alert.told_at === null ? now : Date.parse(alert.told_at)
    const ops = targets.flatMap((userId) =>
      (plans.get(userId)?.later ?? []).map((one) =>
        personalJobOp(keys, alert, { personal: { ...one, userId }, now, since }),
      ),
    )
    if (ops.length === 0) return
    // Done again, what was planned before may have been done by now.
    const mark = keys.alertPlanned(alert.id, uuidFrom(String(alert.revision), ...plans.keys()))
    const guards = [['once', mark, isoTime(now), FINAL_TTL_MS] as const]
    await store.commit({ partition: alerts.partition(alert.id), guards, ops })
  }

  /** Tells one person on further channels, as he wants it when nobody has answered by now. */
  async personal({ alert_id, revision, personal }: AlertJob): Promise<Settlement> {
    const { alerts, teller, clock } = this.#parts
    if (personal === undefined) return NOTHING
    const alert = await alerts.find(alert_id)
    const { userId, delayMinutes, channels } = personal
    await teller.tell({
      name: [alert.id, `${revision}.${delayMinutes}`],
      targets: [userId],
      messageFor: () => alertMessage(alert, channels),
      overrides: alert.severity === 'critical',
    })
    const why = `${userId} after ${delayMinutes} min: ${channels.join(', ')}`
    return { ops: alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, why)]) }
  }
}
