import {
  type Clock,
  type Guard,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import type { FlapLedger } from '../noise/flap-ledger.ts'
import { type InhibitionRule, inhibitingNames } from '../noise/inhibition.ts'
import type { Mutes } from '../noise/mutes.ts'
import { UNANSWERED_LIMIT } from '../noise/storm.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'
import type { AlertChanges } from './alert-changes.ts'
import { alertJobOp } from './alert-job.ts'
import {
  type AlertNews,
  type AlertReport,
  dedupKeyOf,
  logEntry,
  makeAlert,
  type StoredAlert,
  triggeredAgain,
} from './alert-record.ts'
import type { AlertStore, ReadAlert } from './alert-store.ts'
import { AUTO_CLOSE_MS } from './alert-timers.ts'
import type { AlertWebhooks } from './alert-webhooks.ts'
import type { Documents } from './documents.ts'
import type { Responders } from './responders.ts'
import { isWorse } from './severity.ts'

export interface Raised {
  readonly status: `${AlertReport['severity']}_alert_sent`
  readonly alert_id: string
  readonly notified_users: number
  readonly is_new: boolean
}

/** What a report is to write, and of what others are told then. */
interface Intake {
  readonly id: string
  readonly guards: readonly Guard[]
  readonly ops: readonly Op[]
  /** How many are told. */
  readonly targets: number
  readonly news: AlertNews | null
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly responders: Responders
  readonly webhooks: AlertWebhooks
  readonly flaps: FlapLedger
  readonly mutes: Pick<Mutes, 'of'>
  readonly rules: Documents<InhibitionRule>
  /** Told after every change of state, once it is stored. */
  readonly onNews: (news: AlertNews) => void
}

/** Takes reports in: one alert, however often it is reported. */
export class AlertService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Stores a new alert with the work of telling people, or counts a known one; one that
   * is reported as worse than it was begins again.
   */
  async raise(report: AlertReport, identity: Identity): Promise<Raised> {
    const { store, keys, acceptance, alerts, onNews } = this.#parts
    const dedupKey = dedupKeyOf(report)
    const partition = partitionOf(dedupKey, store.partitions)
    const status = `${report.severity}_alert_sent` as const
    const fresh = this.#mintId(identity, dedupKey)
    for (let attempt = 0; attempt < 20; attempt++) {
      const known = [keys.alertDedup(dedupKey), keys.alertFlap(dedupKey)]
      const [open = null, flap = null] = await store.getMany(partition, known)
      // Our own alert from an attempt whose answer was lost is as new as it was then.
      const counting = open === null || open === fresh ? null : await alerts.look(open)
      const isNew = counting === null
      const { id, guards, ops, targets, news } = isNew
        ? await this.#make(report, fresh, flap)
        : await this.#again(report, counting)
      const accepted = await acceptance.accept<Raised>({
        partition,
        identity,
        creates: isNew ? keys.alert(id) : keys.never(),
        guards: [['expect', keys.alertDedup(dedupKey), open], ...guards],
        ops,
        reply: { status, alert_id: id, notified_users: targets, is_new: isNew },
      })
      if (accepted.status === 'conflict') continue
      if (accepted.status === 'fresh' && news) onNews(news)
      return accepted.reply
    }
    throw new Unavailable('The alert is being changed by others; try again.')
  }

  /** The open alert that this report belongs to; `NotFound` when there is none. */
  async openAlertOf(report: AlertReport): Promise<string> {
    const { store, keys } = this.#parts
    const key = dedupKeyOf(report)
    const id = await store.get(partitionOf(key, store.partitions), keys.alertDedup(key))
    if (id === null) throw new NotFound(`No open alert of type ${report.type} matches.`)
    return id
  }

  async #make(report: AlertReport, id: string, flap: string | null): Promise<Intake> {
    const { keys, clock, alerts, responders, flaps, rules, webhooks } = this.#parts
    const now = clock.now()
    const policy = await responders.choose(report)
    const made = makeAlert(id, report, {
      policy: policy.id,
      now,
      limited: await this.#isOver(report),
    })
    const { isFlapping, guards, ops: flapOps } = flaps.step(made, 1, flap, now)
    const inhibits = inhibitingNames(await rules.list(), made)
    const alert = { ...made, flapping: isFlapping, inhibits }
    const targets = (await responders.reachable(policy.steps[0], alert)).users.length
    const people = targets === 1 ? '1 person' : `${targets} people`
    const why = targets === 0 ? 'nobody is an admin or on call' : people
    const log = [logEntry(now, 'triggered', null, why)]
    if (isFlapping) log.push(logEntry(now, 'flapping', null, 'it changes too often to be told'))
    const ops = [
      ...alerts.createOps(alert, log),
      ...flapOps,
      ...this.#notifyOps(alert, now),
      alertJobOp(keys, alert, { kind: 'close', now, at: now + AUTO_CLOSE_MS }),
      ...webhooks.ops(alert, 'triggered', now),
    ]
    const told = isFlapping || alert.limited ? 0 : targets
    return { id, guards, ops, targets: told, news: { event: 'triggered', alert } }
  }

  /**
   * It is counted. Whoever was told of something lesser, or answered that, hears what it has
   * become; what fell silent without anybody's hearing of it is told when it goes on after that.
   */
  async #again(report: AlertReport, { alert: before, text }: ReadAlert): Promise<Intake> {
    const { clock, alerts, changes, keys, mutes } = this.#parts
    const { id, severity } = before
    const now = clock.now()
    const ops = alerts.seenAgainOps(id, now)
    const isWorsened = isWorse(report.severity, severity)
    const isNews = isWorsened || (before.dropped && (await mutes.of(before)).length === 0)
    if (!isNews) return { id, guards: [], ops, targets: 0, news: null }
    const { alert, targets } = await this.#begun(before, isWorsened ? report : null, now)
    const entry = isWorsened
      ? logEntry(now, 'worsened', null, `${severity}, now ${alert.severity}: ${before.message}`)
      : logEntry(now, 'returned', null, 'reported again after its silence')
    const event = isWorsened ? 'worsened' : 'returned'
    const change = { alert, log: [entry], ops: this.#notifyOps(alert, now), event } as const
    return {
      id,
      guards: [['expect', keys.alert(id), text]],
      ops: [...ops, ...changes.opsOf(before, change)],
      targets: alert.flapping || alert.limited ? 0 : targets,
      news: { event, alert },
    }
  }

  /** At the beginning of its policy; as a report has it from now on, by the policy for that. */
  async #begun(before: StoredAlert, report: AlertReport | null, now: number) {
    const { responders } = this.#parts
    const again = triggeredAgain(before, now)
    const alert = report === null ? again : await this.#reported(again, report)
    const policy = await responders.policyOf(alert)
    const { users } = await responders.reachable(policy.steps[0], alert)
    return { alert, targets: users.length }
  }

  async #reported(before: StoredAlert, report: AlertReport): Promise<StoredAlert> {
    const { responders, rules } = this.#parts
    const { severity, message, affectedSystems: affected_systems, labels, data } = report
    const [policy, limited] = [await responders.choose(report), await this.#isOver(report)]
    const words = { severity, message, affected_systems, labels, data }
    const alert: StoredAlert = { ...before, ...words, limited, policy: policy.id }
    return { ...alert, inhibits: inhibitingNames(await rules.list(), alert) }
  }

  /** What changes too often is told once it has settled. */
  #notifyOps(alert: StoredAlert, now: number): Op[] {
    return alert.flapping ? [] : [alertJobOp(this.#parts.keys, alert, { kind: 'notify', now })]
  }

  /** Whether nobody answered so many alerts of its source that one more would not help. */
  async #isOver(report: AlertReport): Promise<boolean> {
    if (report.limitOf !== undefined) return false
    return (await this.#parts.alerts.index.unanswered(report)) >= UNANSWERED_LIMIT
  }

  #mintId(identity: Identity, owner: string): string {
    const { store, keys, clock } = this.#parts
    const partitions = store.partitions
    return mintId(identity, { scope: keys.scope, partitions, now: clock.now(), owner })
  }
}
