import {
  type Clock,
  type Keys,
  NotFound,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import type { FlapLedger } from '../noise/flap-ledger.ts'
import { type InhibitionRule, inhibitingNames } from '../noise/inhibition.ts'
import { UNANSWERED_LIMIT } from '../noise/storm.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'
import { alertJobOp } from './alert-job.ts'
import {
  type AlertNews,
  type AlertReport,
  dedupKeyOf,
  logEntry,
  makeAlert,
} from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import { AUTO_CLOSE_MS } from './alert-timers.ts'
import type { AlertWebhooks } from './alert-webhooks.ts'
import type { Documents } from './documents.ts'
import type { Responders } from './responders.ts'

export interface Raised {
  readonly status: `${AlertReport['severity']}_alert_sent`
  readonly alert_id: string
  readonly notified_users: number
  readonly is_new: boolean
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly alerts: AlertStore
  readonly responders: Responders
  readonly webhooks: AlertWebhooks
  readonly flaps: FlapLedger
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

  /** Stores a new alert with the work of telling people, or counts a known one. */
  async raise(report: AlertReport, identity: Identity): Promise<Raised> {
    const { store, keys, acceptance } = this.#parts
    const dedupKey = dedupKeyOf(report)
    const partition = partitionOf(dedupKey, store.partitions)
    const status = `${report.severity}_alert_sent` as const
    const fresh = this.#mintId(identity, dedupKey)
    for (let attempt = 0; attempt < 20; attempt++) {
      const known = [keys.alertDedup(dedupKey), keys.alertFlap(dedupKey)]
      const [open = null, flap = null] = await store.getMany(partition, known)
      // Our own alert from an attempt whose answer was lost is as new as it was then.
      const made = open === null || open === fresh ? await this.#make(report, fresh, flap) : null
      const id = made?.alert.id ?? open ?? ''
      const accepted = await acceptance.accept<Raised>({
        partition,
        identity,
        creates: made ? keys.alert(id) : keys.never(),
        guards: [
          ['expect', keys.alertDedup(dedupKey), made ? null : open],
          ...(made?.guards ?? []),
        ],
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

  /** The open alert that this report belongs to; `NotFound` when there is none. */
  async openAlertOf(report: AlertReport): Promise<string> {
    const { store, keys } = this.#parts
    const key = dedupKeyOf(report)
    const id = await store.get(partitionOf(key, store.partitions), keys.alertDedup(key))
    if (id === null) throw new NotFound(`No open alert of type ${report.type} matches.`)
    return id
  }

  async #make(report: AlertReport, id: string, flap: string | null) {
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
    const targets = (await responders.of(policy.steps[0], alert)).length
    const why = targets === 0 ? 'nobody is an admin or on call' : `${targets} people`
    const log = [logEntry(now, 'triggered', null, why)]
    if (isFlapping) log.push(logEntry(now, 'flapping', null, 'it changes too often to be told'))
    const ops = [
      ...alerts.createOps(alert, log),
      ...(isFlapping ? flapOps : [...flapOps, alertJobOp(keys, alert, { kind: 'notify', now })]),
      alertJobOp(keys, alert, { kind: 'close', now, at: now + AUTO_CLOSE_MS }),
      ...webhooks.ops(alert, 'triggered', now),
    ]
    return { alert, guards, ops, targets: isFlapping || alert.limited ? 0 : targets }
  }

  /** Whether nobody answered so many alerts of its source that one more would not help. */
  async #isOver({ source, type, limitOf }: AlertReport): Promise<boolean> {
    if (limitOf !== undefined) return false
    return (await this.#parts.alerts.unanswered({ source, type })) >= UNANSWERED_LIMIT
  }

  #mintId(identity: Identity, owner: string): string {
    const { store, keys, clock } = this.#parts
    const partitions = store.partitions
    return mintId(identity, { scope: keys.scope, partitions, now: clock.now(), owner })
  }
}
