import type { Bus } from '../store/bus.ts'
import type { Lease, Op, Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

/** What a job's handler wants written, together with giving the lease back. */
export interface Settlement {
  readonly ops: readonly Op[]
}

/**
 * Does the work of a job. Rejecting with `Unavailable` is for a store that is away, in part
 * or altogether: the job is tried again soon. Any other rejection is a bug: the job comes
 * back when its lease runs out, a few times.
 */
export type JobHandler = (lease: Lease, signal: AbortSignal) => Promise<Settlement>

export interface WorkerOptions {
  readonly queue: string
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly handler: JobHandler
  /** Most jobs worked on at once; as many again may be about to be settled. */
  readonly concurrency: number
  readonly leaseMs?: number
  readonly heartbeatMs?: number
  /** How often to look for jobs that have become due or of which no wake-up came. */
  readonly pollMs?: number
  readonly reapMs?: number
  /** A job taken so often without being given back has killed its workers. */
  readonly maxTakes?: number
  /** Told of such a job, which has gone to the failed list. */
  readonly onGivenUp?: (lost: Pick<Lease, 'queue' | 'partition' | 'jobId'>) => Promise<void>
}

export const DEFAULTS = {
  ...{ leaseMs: 30_000, heartbeatMs: 10_000, pollMs: 250, reapMs: 10_000, maxTakes: 5 },
  onGivenUp: () => Promise.resolve(),
}
