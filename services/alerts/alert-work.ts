import { type Lease, NotFound, type Settlement } from '../../src/index.ts'
import type { FlapLedger } from '../noise/flap-ledger.ts'
import type { HeldWork } from '../noise/held-work.ts'
import type { AlertChanges } from './alert-changes.ts'
import type { AlertJob } from './alert-job.ts'
import type { AlertNotifier } from './alert-notifier.ts'
import type { AlertTimers } from './alert-timers.ts'

interface Parts {
  readonly changes: AlertChanges
  readonly flaps: FlapLedger
  readonly held: HeldWork
  readonly notifier: AlertNotifier
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
      throw error
    }
  }

  #perform(job: AlertJob, partition: number): Promise<Settlement> {
    const { changes, flaps, held, notifier, timers } = this.#parts
    switch (job.kind) {
      case 'escalate':
      case 'return':
      case 'close':
        return timers[job.kind](job)
      case 'personal':
      case 'update':
      case 'exhausted':
      case 'flapping':
      case 'settled':
        return notifier[job.kind](job)
      case 'settle':
        return flaps.settle(job, partition, changes)
      case 'wake':
        return held.wake(job)
      default:
        return notifier.notify(job)
    }
  }
}
