import type { Bus } from '../store/bus.ts'
import type { Guard, Lease, Op, Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { Unavailable } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'

/** What a job's handler wants written, together with giving the lease back. */
export interface Settlement {
  readonly ops: readonly Op[]
}

/**
 * Does the work of a job. Rejecting is for bugs and for a store that is away:
 * the job then comes back when its lease runs out.
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

const DEFAULTS = {
  ...{ leaseMs: 30_000, heartbeatMs: 10_000, pollMs: 250, reapMs: 10_000, maxTakes: 5 },
  onGivenUp: () => Promise.resolve(),
}
/** How long nothing else is taken while a job is in hand that may have killed its last worker. */
const PROBATION_MS = 1_000

/** Pause between tries to settle a job while the store is away. */
const SETTLE_AGAIN_MS = 200

/** The bus channel that says: there is work in this queue. */
export function wakeChannel(queue: string): string {
  return `queue:${queue}`
}

/**
 * Takes jobs from all partitions of one queue, runs them side by side, keeps
 * their leases, and settles each with its handler's write.
 */
export class Worker {
  readonly #options: Required<WorkerOptions>
  readonly #held = new Map<Lease, { abort: AbortController; done: Promise<void> }>()
  readonly #suspects = new Set<Lease>()
  /** Jobs whose handlers are at work; the others in hand are being settled. */
  #running = 0
  readonly #timers: (() => void)[] = []
  #unsubscribe: (() => Promise<void>) | null = null
  #cycle: Promise<number> | null = null
  #again = false
  #isWaking = false
  #stopping = false
  #nextPartition = 0
  /** When it last looked for work with success (epoch ms). */
  lookedAt = 0

  constructor(options: WorkerOptions) {
    this.#options = { ...DEFAULTS, ...options }
  }

  get inFlight(): number {
    return this.#held.size
  }

  async start(): Promise<void> {
    const { bus, clock, queue, pollMs, heartbeatMs, reapMs } = this.#options
    this.lookedAt = clock.now()
    this.#unsubscribe = await bus.subscribe(wakeChannel(queue), () => this.wake())
    this.#timers.push(
      clock.every(pollMs, () => this.wake()),
      clock.every(heartbeatMs, () => void this.#heartbeat()),
      clock.every(reapMs, () => void this.reap()),
    )
    this.wake()
  }

  /** Looks for work soon; calls during a look make it look once more. */
  wake(): void {
    if (this.#stopping) return
    if (this.#cycle) {
      this.#again = true
      return
    }
    this.#cycle = this.takeOnce()
      .catch((error) => {
        this.#options.log.warn({ err: error, queue: this.#options.queue }, 'could not take jobs')
        return 0
      })
      .finally(() => {
        this.#cycle = null
        if (!this.#again) return
        this.#again = false
        this.wake()
      })
  }

  /** One look at every partition; resolves to how many jobs were taken. */
  async takeOnce(): Promise<number> {
    const { store, queue, leaseMs } = this.#options
    let taken = 0
    for (let n = 0; n < store.partitions; n++) {
      const free = this.#room()
      if (free <= 0 || this.#stopping || this.#suspects.size > 0) break
      const partition = this.#nextPartition
      const leases = await store.take(partition, queue, free, leaseMs)
      if (leases.length < free) this.#nextPartition = (partition + 1) % store.partitions
      else this.#again = true
      for (const lease of leases) this.#run(lease)
      taken += leases.length
    }
    this.lookedAt = this.#options.clock.now()
    return taken
  }

  /** Puts back what dead workers held. */
  async reap(): Promise<void> {
    const { store, queue, maxTakes, onGivenUp, log } = this.#options
    try {
      for (let partition = 0; partition < store.partitions; partition++) {
        const { requeued, failed } = await store.reap(partition, queue, maxTakes)
        if (requeued.length > 0) this.wake()
        if (failed.length > 0) log.error({ queue, jobs: failed }, 'jobs kept killing their workers')
        for (const jobId of failed) await onGivenUp({ queue, partition, jobId })
      }
    } catch (error) {
      log.warn({ err: error, queue }, 'could not look for lost jobs')
    }
  }

  /** Takes no more, and waits until what is in hand is settled or `deadlineMs` has passed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    for (const cancel of this.#timers) cancel()
    await this.#unsubscribe?.()
    await this.#cycle?.catch(() => 0)
    const all = Promise.allSettled([...this.#held.values()].map(({ done }) => done))
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, deadlineMs).unref())])
    for (const { abort } of this.#held.values()) abort.abort(new Error('shutting down'))
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    while (this.#cycle || this.#held.size > 0) {
      await this.#cycle
      await Promise.allSettled([...this.#held.values()].map(({ done }) => done))
    }
  }

  /** Settling takes its time too: what is settled meanwhile keeps no provider waiting. */
  #room(): number {
    const { concurrency } = this.#options
    return Math.min(64, concurrency - this.#running, 2 * concurrency - this.#held.size)
  }

  #run(lease: Lease): void {
    const abort = new AbortController()
    const done = this.#perform(lease, abort.signal).finally(() => {
      this.#held.delete(lease)
      this.#wakeWhenWorthIt()
    })
    this.#held.set(lease, { abort, done })
    if (lease.takes > 1) this.#watch(lease, done)
  }

  /** A job that was lost before is alone for a while: should it kill again, no other is lost with it. */
  #watch(lease: Lease, done: Promise<void>): void {
    this.#suspects.add(lease)
    const trust = () => {
      if (this.#suspects.delete(lease)) this.wake()
    }
    const cancel = this.#options.clock.after(PROBATION_MS, trust)
    void done.then(() => {
      cancel()
      trust()
    })
  }

  async #perform(lease: Lease, signal: AbortSignal): Promise<void> {
    const { handler, log, queue } = this.#options
    try {
      const work = handler(lease, signal)
      this.#running += 1
      const { ops } = await work.finally(() => {
        this.#running -= 1
        this.#wakeWhenWorthIt()
      })
      await this.#settle(lease, ops, signal)
    } catch (error) {
      log.error({ err: error, queue, job: lease.jobId }, 'a job was not settled; it comes back')
    }
  }

  /**
   * Insists while the store is away, since the work would be done twice otherwise:
   * a lease that was lost, or given back by a try whose answer was lost, refuses.
   */
  async #settle(lease: Lease, ops: readonly Op[], signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options
    const guard: Guard = ['lease', lease.queue, lease.jobId, lease.token]
    for (;;) {
      try {
        await store.commit({ partition: lease.partition, guards: [guard], ops })
        return
      } catch (error) {
        if (!(error instanceof Unavailable) || signal.aborted) throw error
        await new Promise<void>((resolve) => clock.after(SETTLE_AGAIN_MS, resolve))
      }
    }
  }

  /** A look for every job would be waste: one for a sixteenth of the room, after this turn. */
  #wakeWhenWorthIt(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    setImmediate(() => {
      this.#isWaking = false
      if (this.#again || this.#running <= this.#options.concurrency * 0.9375) this.wake()
    })
  }

  async #heartbeat(): Promise<void> {
    const leases = [...this.#held.keys()]
    if (leases.length === 0) return
    try {
      const kept = await this.#options.store.extend(leases, this.#options.leaseMs)
      for (const [index, lease] of leases.entries()) {
        if (kept[index] === false) this.#held.get(lease)?.abort.abort(new Error('lease lost'))
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not keep leases')
    }
  }
}
