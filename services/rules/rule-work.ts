import {
  asBelfryError,
  type Bell,
  type Clock,
  inPartition,
  type Keys,
  type Lease,
  type Logger,
  NotFound,
  partitionOf,
  type Settlement,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { AlertActions } from '../alerts/alert-actions.ts'
import type { AlertReport } from '../alerts/alert-record.ts'
import type { AlertService } from '../alerts/alert-service.ts'
import type { EventLog } from '../events/event-log.ts'
import { type Identity, ownWork } from '../notifications/acceptance.ts'
import { parseAudience } from '../notifications/broadcast-record.ts'
import type { BroadcastService } from '../notifications/broadcast-service.ts'
import type { DirectService } from '../notifications/direct-service.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import type { Recipient } from './rule.ts'
import { stateOp } from './rule-engine.ts'
import { type RuleJob, ruleJobOp, syncWork, type Telling } from './rule-job.ts'
import { type RuleState, ripen } from './rule-state.ts'

/** What the work of rules acts with. */
export interface RuleWorkParts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly bell: Bell
  readonly alerts: AlertService
  readonly alertActions: AlertActions
  readonly notifications: NotificationService
  readonly broadcasts: BroadcastService
  readonly direct: DirectService
  readonly events: EventLog
}

const DONE: Settlement = { ops: [] }
/** An alert that is raised while its state ends is looked at again; more often than this it does not flip. */
const MOST_LOOKS = 5

/** The worker's part of rules and monitors. Doing a job again has no second effect. */
export class RuleWorkHandler {
  readonly #parts: RuleWorkParts

  constructor(parts: RuleWorkParts) {
    this.#parts = parts
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as RuleJob
    switch (job.kind) {
      case 'sync':
        await this.#sync(job)
        break
      case 'tell':
        await this.#tell(job.telling, job.id)
        break
      case 'ripen':
        await this.#ripen(job)
        break
      case 'summary':
        await this.#summarise(job)
        break
    }
    return DONE
  }

  /** Whatever order the jobs of a state come in, the last look makes it right. */
  async #sync({ state, alert, id }: RuleJob & { kind: 'sync' }): Promise<void> {
    for (let look = 0; look < MOST_LOOKS; look++) {
      const { raised } = await this.#read(state)
      await (raised ? this.#raise(alert, `${id}.${look}`) : this.#resolve(alert))
      if ((await this.#read(state)).raised === raised) return
    }
  }

  async #raise(report: AlertReport, name: string): Promise<void> {
    const { alerts } = this.#parts
    const open = await alerts.openAlertOf(report).catch(orNull)
    if (open === null) await alerts.raise(report, identityOf(name))
  }

  async #resolve(report: AlertReport): Promise<void> {
    const { alerts, alertActions } = this.#parts
    const id = await alerts.openAlertOf(report).catch(orNull)
    if (id === null) return
    try {
      await alertActions.resolve(id, { who: null, note: 'it has ended' })
    } catch (error) {
      if (asBelfryError(error).retryable || !isOver(error)) throw error
    }
  }

  /** Each whatever becomes of the others; then it fails if one of them did, for somebody to look at. */
  async #tell({ alert, notify, event }: Telling, name: string): Promise<void> {
    const { alerts, events } = this.#parts
    const told: Promise<unknown>[] = []
    if (alert) told.push(alerts.raise(alert, identityOf(`${name}.alert`)))
    if (event) {
      const identity = identityOf(`${name}.event`)
      told.push(events.record(event.name, event.payload, { identity, sourceUser: null }))
    }
    for (const [index, to] of (notify?.to ?? []).entries()) {
      told.push(this.#notify(to, notify!.message, `${name}.${index}`))
    }
    const failed = (await Promise.allSettled(told)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  /** Somebody who wants none of it is no reason to try again. */
  async #notify(to: Recipient, message: Message, name: string): Promise<void> {
    const { store, notifications, broadcasts, direct, log } = this.#parts
    const identity = identityOf(name)
    try {
      if (typeof to === 'object') {
        await direct.sendTo(to, message, identity)
      } else if (to.startsWith('user:')) {
        const userId = to.slice('user:'.length)
        const { partitions } = store
        const id = inPartition(identity.id!, partitionOf(userId, partitions), partitions)
        await notifications.send({ userId, message, id, identity: ownWork })
      } else {
        const audience = parseAudience([to])!
        await broadcasts.announce({ audience, message, identity, status: 'broadcast_sent' })
      }
    } catch (error) {
      const known = asBelfryError(error)
      if (known.retryable || known.code === 'internal') throw error
      log.info({ rule: message.data.rule, reason: known.message }, 'a rule told somebody nothing')
    }
  }

  async #ripen(job: RuleJob & { kind: 'ripen' }): Promise<void> {
    const { store, keys, clock, bell } = this.#parts
    const { partition, key } = this.#placeOf(job.state)
    const text = await store.get(partition, key)
    const before = text === null ? null : (JSON.parse(text) as RuleState)
    if (before === null || before.since === null || before.seq !== job.seq) return
    const now = clock.now()
    const { after, effects } = ripen({ debounceMs: job.debounce_ms }, before, now)
    const { alert } = job.telling
    const shown = { ...job.telling, alert: null }
    const base = { partition, partitions: store.partitions, now }
    const works = effects.flatMap(({ kind }) => {
      if (kind === 'began') return alert === null ? [] : [syncWork(job.state, alert)]
      return kind === 'fired' ? [{ kind: 'tell', telling: shown } as const] : []
    })
    const ops = works.map((work) => ruleJobOp(keys, { ...base, work, name: [job.id] }))
    const outcome = await store.commit({
      partition,
      guards: [['expect', key, text]],
      ops: [stateOp(key, after), ...ops],
    })
    if (outcome.applied) bell.ring(keys.queue('rule'))
    else await this.#ripen(job)
  }

  async #summarise(job: RuleJob & { kind: 'summary' }): Promise<void> {
    const { notify } = job.telling
    const state = await this.#read(job.state)
    if (notify === null || state.seq !== job.seq || state.suppressed === 0) return
    const times = state.suppressed === 1 ? 'once' : `${state.suppressed} times`
    const message = {
      ...notify.message,
      message: `${times} more within ${job.seconds} s, the last: ${notify.message.message}`,
    }
    await this.#tell({ alert: null, event: null, notify: { ...notify, message } }, job.id)
  }

  async #read(state: string): Promise<Pick<RuleState, 'raised' | 'seq' | 'suppressed'>> {
    const { partition, key } = this.#placeOf(state)
    const text = await this.#parts.store.get(partition, key)
    return text === null ? { raised: false, seq: 0, suppressed: 0 } : JSON.parse(text)
  }

  #placeOf(state: string): { readonly partition: number; readonly key: string } {
    const { store, keys } = this.#parts
    return { partition: partitionOf(state, store.partitions), key: keys.watched(state) }
  }
}

/** What follows from a job is named after it. */
function identityOf(name: string): Identity {
  return { ...ownWork, id: uuidFrom('rule', name) }
}

function orNull(error: unknown): null {
  if (error instanceof NotFound) return null
  throw error
}

/** Somebody was faster. */
function isOver(error: unknown): boolean {
  return ['already_resolved', 'not_found'].includes(asBelfryError(error).code)
}
