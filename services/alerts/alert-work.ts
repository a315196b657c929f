import {
  type Clock,
  type Keys,
  type Lease,
  type Logger,
  NotFound,
  type Settlement,
  Unavailable,
} from '../../src/index.ts'
import { enqueueOp } from '../deliveries/delivery-job.ts'
import type { FlapSettling } from '../noise/flap-settling.ts'
import type { HeldWork } from '../noise/held-work.ts'
import type { Inhibitions } from '../noise/inhibitions.ts'
import type { AlertJob } from './alert-job.ts'
import type { AlertNotices } from './alert-notices.ts'
import type { AlertNotifier } from './alert-notifier.ts'
import type { AlertTimers } from './alert-timers.ts'
import type { GroupTeller } from './group-teller.ts'

const AGAIN_MS = 30_000

interface Parts {
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly groupTeller: GroupTeller
  readonly held: HeldWork
  readonly inhibitions: Inhibitions
  readonly notices: AlertNotices
  readonly notifier: AlertNotifier
  readonly settling: FlapSettling
  readonly timers: AlertTimers
}

/** The worker's part of alerts: every job of the alert queue, and what quiet puts off. */
export class AlertWorkHandler {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const { held } = this.#parts
    const job = JSON.parse(lease.job) as AlertJob
    try {
      const waiting = await held.hold(job)
      if (waiting !== null) return waiting
      const { ops } = await this.#perform(job, lease.partition)
      return { ops: [...ops, ...held.freed(job)] }
    } catch (error) {
      // Resolved for more than a day: there is nobody to tell.
      if (error instanceof NotFound) return { ops: held.freed(job) }
      if (error instanceof Unavailable) throw error
      return this.#again(job, error)
    }
  }

  /** Whatever is wrong, what somebody must hear of is never given up. */
  #again(job: AlertJob, error: unknown): Settlement {
    const { keys, clock, log } = this.#parts
    log.error({ err: error, job: job.id }, 'the work of an alert failed; it is tried again')
    const now = clock.now()
    return { ops: [enqueueOp(keys, { ...job, send_at: (now + AGAIN_MS) / 1000 }, now)] }
  }

  async #perform(job: AlertJob, partition: number): Promise<Settlement> {
    const { groupTeller, held, inhibitions, notices, notifier, settling, timers } = this.#parts
    switch (job.kind) {
      case 'escalate':
      case 'return':
      case 'close':
      case 'repeat':
        return timers[job.kind](job)
      case 'personal':
        return notifier.personal(job)
      case 'update':
      case 'exhausted':
      case 'flapping':
      case 'settled':
        return notices[job.kind](job)
      case 'flush':
        return groupTeller.flush(job)
      case 'settle':
        return settling.settle(job, partition)
      case 'reindex':
        await inhibitions.reindex()
        return held.wake(job)
      case 'wake':
        return held.wake(job)
      default:
        return notifier.notify(job)
    }
  }
}
