import type { Clock, Keys, Op, Settlement, Store } from '../../src/index.ts'
import type { AlertChanges } from '../alerts/alert-changes.ts'
import { type AlertJob, isAbout } from '../alerts/alert-job.ts'
import { logEntry } from '../alerts/alert-record.ts'
import type { AlertService } from '../alerts/alert-service.ts'
import type { AlertStore, ReadAlert } from '../alerts/alert-store.ts'
import { enqueueOp, jobKey } from '../deliveries/delivery-job.ts'
import type { Mute, Mutes } from './mutes.ts'
import { reportStorm } from './storm.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly mutes: Mutes
  /** Takes in what is to be said of a storm. */
  readonly raising: Pick<AlertService, 'raise'>
}

/** What somebody else had in hand is looked at again so soon. */
const AGAIN_MS = 1000
const MUTED_KINDS = ['notify', 'personal', 'escalate', 'repeat', 'exhausted', 'flapping', 'settled']
const WORDS = {
  silence: 'silenced',
  inhibition: 'inhibited',
  limit: 'limited',
  times: 'waits',
} as const

/**
 * Puts off the telling of an alert while something keeps it quiet, as durable
 * work for the end of that, and takes it up earlier when the quiet ends early.
 */
export class HeldWork {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What to settle a job with that must wait; `null`: it need not. */
  async hold(job: AlertJob): Promise<Settlement | null> {
    const { alerts, mutes } = this.#parts
    if (!mayBeMuted(job)) return null
    const { alert, text } = await alerts.read(job.alert_id)
    if (!isAbout(job, alert)) return { ops: this.freed(job) }
    await reportStorm(job, alert, this.#parts.raising)
    if ((await mutes.of(alert)).length === 0) return null
    // First on the list, then a second look: who ends the quiet reads the list after that.
    await this.#list(job)
    const lasting = await mutes.of(alert)
    if (lasting.length === 0) return null
    return { ops: await this.#postponed(job, { alert, text }, lasting) }
  }

  /** For the settlement of a job that may have been held. */
  freed(job: AlertJob): Op[] {
    return mayBeMuted(job) ? [['srem', this.#parts.keys.heldAlertJobs(), job.id]] : []
  }

  /** Quiet ended: everything that waits is looked at now, what is in other hands soon. */
  async wake(job: AlertJob): Promise<Settlement> {
    const { store, keys, clock } = this.#parts
    const parts = Array.from({ length: store.partitions }, (_, n) => this.#wakeIn(n))
    const looks = await Promise.allSettled(parts)
    // A part of the store that is away keeps no other waiting.
    const failed = looks.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
    if (looks.every((look) => look.status === 'fulfilled' && look.value)) return { ops: [] }
    const now = clock.now()
    return { ops: [enqueueOp(keys, { ...job, send_at: (now + AGAIN_MS) / 1000 }, now)] }
  }

  /** `false`: some are in other hands. */
  async #wakeIn(partition: number): Promise<boolean> {
    const { store, keys } = this.#parts
    let isDone = true
    for (const id of await store.members(partition, keys.heldAlertJobs())) {
      if (!(await this.#hasten(partition, id))) isDone = false
    }
    return isDone
  }

  async #list({ id, alert_id }: AlertJob): Promise<void> {
    const { store, keys, alerts } = this.#parts
    const partition = alerts.partition(alert_id)
    await store.commit({ partition, ops: [['sadd', keys.heldAlertJobs(), id]] })
  }

  async #postponed(job: AlertJob, read: ReadAlert, mutes: readonly Mute[]): Promise<Op[]> {
    const { keys, clock, alerts } = this.#parts
    const now = clock.now()
    const tellsAtEnd = mutes.some((mute) => mute.tellsAtEnd)
    const isUnknown = !tellsAtEnd && (await alerts.told(read.alert.id)).length === 0
    const names = mutes.map(({ id }) => id).join(' ')
    const entries = mutes.map(({ kind, why }) => logEntry(now, WORDS[kind], null, why))
    if (isUnknown) {
      const end = logEntry(now, 'dropped', null, 'nobody is to be told when the silence ends')
      const log = [...(job.muted_by === names ? [] : entries), end]
      await this.#parts.changes.change(job.alert_id, (alert) => {
        if (!isAbout(job, alert) || alert.dropped) return null
        return { alert: { ...alert, dropped: true }, log, event: null }
      })
      return this.freed(job)
    }
    const isNoted = job.muted_by === names || (await alerts.note(read, entries))
    const until = Math.max(...mutes.map((mute) => mute.until))
    const next = { ...job, ...(isNoted ? { muted_by: names } : {}), send_at: until / 1000 }
    return [enqueueOp(keys, next, now)]
  }

  /** `false`: a worker has it in hand and may put it off for another while. */
  async #hasten(partition: number, jobId: string): Promise<boolean> {
    const { store, keys, clock } = this.#parts
    const text = await store.get(partition, jobKey(keys, 'alert', jobId))
    if (text === null) {
      await store.commit({ partition, ops: [['srem', keys.heldAlertJobs(), jobId]] })
      return true
    }
    const now = clock.now()
    const job = { ...(JSON.parse(text) as AlertJob), send_at: now / 1000 }
    const outcome = await store.commit({
      partition,
      guards: [['withdraw', keys.queue('alert'), jobId]],
      ops: [enqueueOp(keys, job, now)],
    })
    return outcome.applied
  }
}

/** What answers an alert, what keeps its state, and what somebody wants done now is never muted. */
function mayBeMuted({ kind, at_command }: AlertJob): boolean {
  return MUTED_KINDS.includes(kind) && at_command !== true
}
