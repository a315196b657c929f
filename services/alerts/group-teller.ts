import type { Clock, Keys, Settlement, Store } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { FINAL_TTL_MS } from '../deliveries/delivery-job.ts'
import type { AlertGroups, Waiting } from '../noise/alert-groups.ts'
import type { Mutes } from '../noise/mutes.ts'
import { type AlertJob, alertJobOp } from './alert-job.ts'
import type { AlertNotifier } from './alert-notifier.ts'
import type { AlertPlacing, Claimed } from './alert-placing.ts'
import { type AlertRecord, logEntry, type StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertTeller } from './alert-teller.ts'
import {
  alertMessage,
  type GroupReason,
  groupMessage,
  resolvedMessage,
  worstOf,
} from './alert-words.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly groups: AlertGroups
  readonly mutes: Mutes
  readonly notifier: AlertNotifier
  readonly placing: AlertPlacing
  readonly teller: AlertTeller
}

/**
 * Tells what waits in a group as one message to each. Every alert is claimed by
 * the one flush that tells it: two at once share them, one that is done again
 * finds its own.
 */
export class GroupTeller {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async flush(job: AlertJob): Promise<Settlement> {
    const { groups } = this.#parts
    const group = job.group_key ?? ''
    const waiting = await groups.waiting(group)
    const firing = await this.#claimFiring(job, waiting)
    const resolved = await this.#claimResolved(job, waiting)
    const ids = firing.claimed.map(({ alert }) => alert.id)
    if (ids.length > 0) await this.#tell(job, firing.claimed, await groups.reasonFor(group, ids))
    if (resolved.alerts.length > 0) await this.#tellResolved(job, resolved.alerts)
    await groups.told(group, ids, [...firing.done, ...resolved.done])
    return { ops: [] }
  }

  async #claimFiring(job: AlertJob, waiting: readonly Waiting[]) {
    const wanted = await this.#begunOrAll(waiting, 'firing', async ({ alertId, revision }) => {
      const alert = await this.#parts.alerts.readIfAny(alertId)
      return alert?.notified === true && alert.told_in === job.id && alert.revision === revision
    })
    const found = await Promise.all(wanted.map((one) => this.#claim(job, one, wanted.length)))
    return {
      claimed: found.filter((one) => one !== 'gone' && one !== 'theirs'),
      done: wanted.filter((_, n) => found[n] !== 'theirs'),
    }
  }

  /**
   * What an earlier try of this flush has begun, if there is any: it ends as it began, and
   * whatever has come since has a flush of its own. Else all of one kind.
   */
  async #begunOrAll(
    waiting: readonly Waiting[],
    kind: Waiting['what'],
    isBegun: (one: Waiting) => Promise<boolean>,
  ): Promise<readonly Waiting[]> {
    const wanted = waiting.filter(({ what }) => what === kind)
    const known = await Promise.all(wanted.map(isBegun))
    const begun = wanted.filter((_, n) => known[n])
    return begun.length > 0 ? begun : wanted
  }

  /** `gone`: nothing is to be told of it any more; `theirs`: another flush does. */
  async #claim(job: AlertJob, { alertId, revision }: Waiting, together: number) {
    const { alerts, placing } = this.#parts
    const alert = await alerts.readIfAny(alertId)
    if (alert === null || alert.status !== 'triggered' || alert.revision !== revision) return 'gone'
    if (await this.#isMuted(alert)) return 'gone'
    const groupKey = job.group_key ?? null
    const claimed = await placing.claim(alertId, { revision, by: job.id, groupKey, together })
    return claimed ?? 'theirs'
  }

  /** What has fallen silent while it waited goes back to its own work, which waits for the end. */
  async #isMuted(alert: StoredAlert): Promise<boolean> {
    const { store, keys, clock, alerts, mutes } = this.#parts
    if (alert.notified || (await mutes.of(alert)).length === 0) return false
    const ops = [alertJobOp(keys, alert, { kind: 'notify', now: clock.now() })]
    await store.commit({ partition: alerts.partition(alert.id), ops })
    return true
  }

  async #claimResolved(job: AlertJob, waiting: readonly Waiting[]) {
    const { store, keys, alerts } = this.#parts
    const wanted = await this.#begunOrAll(waiting, 'resolved', async ({ alertId }) => {
      const mark = await store.get(alerts.partition(alertId), keys.resolvedIn(alertId))
      return mark === job.id
    })
    const found = await Promise.all(wanted.map(({ alertId }) => this.#resolvedAlert(job, alertId)))
    return {
      alerts: found.filter((one) => one !== 'gone' && one !== 'theirs'),
      done: wanted.filter((_, n) => found[n] !== 'theirs'),
    }
  }

  /** `gone`: it was resolved so long ago that nothing is left of it. */
  async #resolvedAlert(job: AlertJob, id: string): Promise<StoredAlert | 'gone' | 'theirs'> {
    const { store, keys, alerts } = this.#parts
    const alert = await alerts.readIfAny(id)
    if (alert === null) return 'gone'
    const outcome = await store.commit({
      partition: alerts.partition(id),
      guards: [['once', keys.resolvedIn(id), job.id, FINAL_TTL_MS]],
      ops: [],
    })
    return outcome.applied || outcome.value === job.id ? alert : 'theirs'
  }

  async #tell(job: AlertJob, claimed: readonly Claimed[], reason: GroupReason): Promise<void> {
    const { notifier } = this.#parts
    const [first] = claimed
    if (claimed.length === 1 && first) {
      const { ops } = await notifier.tellOne(first)
      return this.#write(first.alert, ops)
    }
    await this.#tellTogether(job, claimed, reason)
  }

  async #tellTogether(job: AlertJob, all: readonly Claimed[], reason: GroupReason) {
    const { alerts, teller, notifier, clock } = this.#parts
    const found = await Promise.all(all.map(({ alert }) => alerts.find(alert.id)))
    // Of some somebody was faster.
    const isSame = (_: unknown, n: number) => found[n]?.revision === all[n]?.alert.revision
    const [claimed, records] = [all.filter(isSame), found.filter(isSame)]
    const worst = worstOf(records)
    const channels = channelsOf(claimed)
    const ofUser = alertsByUser(claimed, records)
    const plans = await teller.plans([...ofUser.keys()], worst, channels)
    for (const { alert, targets } of claimed) await notifier.planLater(alert, targets, plans)
    const critical = (user: string) =>
      ofUser.get(user)?.filter(({ severity }) => severity === 'critical')
    const told = await teller.tell({
      name: [job.id, 'group', idsOf(records)],
      targets: [...ofUser.keys()],
      messageFor: (user) => {
        const own = ofUser.get(user) ?? []
        const wanted = plans.get(user)?.atOnce ?? channels
        return own[0] && own.length === 1
          ? alertMessage(own[0], wanted)
          : groupMessage(own, { reason, channels: wanted })
      },
      framesFor: (user) =>
        (critical(user) ?? []).map((alert) => ({
          type: 'critical_alert',
          data: JSON.stringify(alert),
        })),
      overrides: worst === 'critical',
    })
    const why = `${told}, as one of ${claimed.length} alerts (${reason})`
    for (const { alert } of claimed) {
      const log = alerts.logOps(alert.id, [logEntry(clock.now(), 'notified', null, why)])
      await this.#write(alert, log)
    }
    const away = claimed.find((one) => one.away !== null)?.away
    if (away) throw away
  }

  async #tellResolved(job: AlertJob, resolved: readonly StoredAlert[]): Promise<void> {
    const { alerts, teller } = this.#parts
    const told = await Promise.all(resolved.map(({ id }) => alerts.told(id)))
    const own = (user: string) => resolved.filter((_, n) => told[n]?.includes(user))
    await teller.tell({
      name: [job.id, 'resolved', idsOf(resolved)],
      targets: [...new Set(told.flat())].sort(),
      messageFor: (user) => resolvedMessage(own(user)),
      overrides: false,
    })
  }

  /** Beside the alert: it may lie in another partition than its group. */
  async #write(alert: StoredAlert, ops: Settlement['ops']): Promise<void> {
    const { store, alerts } = this.#parts
    if (ops.length > 0) await store.commit({ partition: alerts.partition(alert.id), ops })
  }
}

function alertsByUser(claimed: readonly Claimed[], records: readonly AlertRecord[]) {
  const ofUser = new Map<string, AlertRecord[]>()
  for (const [n, { targets }] of claimed.entries()) {
    const record = records[n]
    if (record === undefined) continue
    for (const user of targets) {
      const own = ofUser.get(user)
      if (own) own.push(record)
      else ofUser.set(user, [record])
    }
  }
  for (const own of ofUser.values()) own.sort(byTime)
  return ofUser
}

/** Names a message by what is in it: another set is another message. */
function idsOf(alerts: readonly StoredAlert[]): string {
  return alerts
    .map(({ id }) => id)
    .sort()
    .join()
}

function byTime(a: AlertRecord, b: AlertRecord): number {
  return a.timestamp - b.timestamp || a.message.localeCompare(b.message)
}

/** The channels of all their steps; `null` where each leaves them to the severity. */
function channelsOf(claimed: readonly Claimed[]): readonly ChannelName[] | null {
  const named = claimed.flatMap(({ alert, policy }) => policy.steps[alert.step]?.channels ?? [])
  return named.length === 0 ? null : [...new Set(named)]
}
