import { setTimeout as pause } from 'node:timers/promises'
import type { Lease } from '../store/store.ts'
import { Unavailable } from '../support/errors.ts'
import { Foresight } from './foresight.ts'
import { Probation } from './probation.ts'
import { Settlements } from './settlements.ts'
import { DEFAULTS, type Settlement, type WorkerOptions } from './worker-options.ts'

export type { JobHandler, Settlement, WorkerOptions } from './worker-options.ts'

/** How soon a job is tried again for which a part of the store was away; up to twice as late. */
const AWAY_MS = 2_000
/** Of the time for stopping, what is left for handing back; at least so many milliseconds. */
const HAND_BACK = 0.1
const HAND_BACK_MS = 250

const passed = (ms: number) => pause(ms, undefined, { ref: false })
const NOT_SETTLED = 'a job was not settled; it comes back'

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
  readonly #settlements: Settlements
  readonly #foresight: Foresight
  /** Taken and not begun. */
  readonly #waiting: Lease[] = []
  readonly #held = new Map<Lease, { abort: AbortController; done: Promise<void> }>()
  readonly #probation: Probation
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
    this.#settlements = new Settlements(options)
    this.#foresight = new Foresight(options.concurrency)
    this.#probation = new Probation(options.clock, () => {
      this.#begin()
      this.wake()
    })
  }

  get inFlight(): number {
    return this.#held.size + this.#waiting.length
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
      if (free <= 0 || this.#stopping || this.#probation.isOn) break
      const partition = this.#nextPartition
      // Also where there is more: the others must not wait until this one is empty.
      this.#nextPartition = (partition + 1) % store.partitions
      const leases = await store.take(partition, queue, free, leaseMs)
      if (leases.length === free) this.#again = true
      this.#waiting.push(...leases)
      this.#begin()
      taken += leases.length
    }
    this.lookedAt = this.#options.clock.now()
    return taken
  }

  /** Puts back what dead workers held; a partition that is away keeps no other waiting. */
  async reap(): Promise<void> {
    const { partitions } = this.#options.store
    for (let partition = 0; partition < partitions; partition++) await this.#reapIn(partition)
  }

  async #reapIn(partition: number): Promise<void> {
    const { store, queue, maxTakes, onGivenUp, log } = this.#options
    try {
      const { requeued, failed } = await store.reap(partition, queue, maxTakes)
      if (requeued.length > 0) this.wake()
      if (failed.length > 0) log.error({ queue, jobs: failed }, 'jobs kept killing their workers')
      for (const jobId of failed) await onGivenUp({ queue, partition, jobId })
    } catch (error) {
      log.warn({ err: error, queue, partition }, 'could not look for lost jobs')
    }
  }

  /**
   * Takes no more, and waits until what is in hand is settled or `deadlineMs` has
   * passed; hands back what is not done by then.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    for (const cancel of this.#timers) cancel()
    await this.#unsubscribe?.()
    await this.#cycle?.catch(() => 0)
    await Promise.race([this.idle(), passed(deadlineMs)])
    const left = this.#waiting.splice(0)
    for (const { abort } of this.#held.values()) abort.abort(new Error('shutting down'))
    const handed = left.map((lease) => this.#giveBack(lease, 0, AbortSignal.abort()))
    const done = Promise.all([...handed, this.idle()])
    await Promise.race([done, passed(Math.max(HAND_BACK_MS, deadlineMs * HAND_BACK))])
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    while (this.#cycle || this.#held.size > 0) {
      await this.#cycle
      await Promise.allSettled([...this.#held.values()].map(({ done }) => done))
    }
  }

  /** How many more to take; settling takes its time too, and keeps no provider waiting. */
  #room(): number {
    const { concurrency } = this.#options
    const wanted = concurrency + this.#foresight.ahead - this.#running - this.#waiting.length
    return Math.min(64, wanted, 2 * concurrency - this.inFlight)
  }

  /** Starts what was taken, in order, as far as there is room. */
  #begin(): void {
    while (this.#running < this.#options.concurrency && !this.#probation.isOn) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#run(next)
    }
  }

  #run(lease: Lease): void {
    const abort = new AbortController()
    const done = this.#perform(lease, abort.signal).finally(() => {
      this.#held.delete(lease)
      this.#wakeWhenWorthIt()
    })
    this.#held.set(lease, { abort, done })
    this.#probation.watch(lease, done)
  }

  async #perform(lease: Lease, signal: AbortSignal): Promise<void> {
    try {
      const { ops } = await this.#work(lease, signal)
      await this.#settlements.settle(lease, ops, signal)
    } catch (error) {
      const { log, queue } = this.#options
      const isAway = error instanceof Unavailable
      log[isAway ? 'warn' : 'error']({ err: error, queue, job: lease.jobId }, NOT_SETTLED)
      if (signal.aborted) await this.#giveBack(lease, 0, signal)
      else if (isAway) await this.#giveBack(lease, AWAY_MS * (1 + Math.random()), signal)
    }
  }

  /** It is taken again without having to wait for the end of its lease. */
  async #giveBack(lease: Lease, waitMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#settlements.giveBack(lease, waitMs, signal)
    } catch (error) {
      this.#options.log.debug({ err: error, job: lease.jobId }, 'a job comes back by its lease')
    }
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<Settlement> {
    const startedAt = performance.now()
    this.#running += 1
    try {
      return await this.#options.handler(lease, signal)
    } finally {
      this.#running -= 1
      this.#foresight.note(performance.now() - startedAt)
      this.#begin()
      this.#wakeWhenWorthIt()
    }
  }

  /** A look for every job would be waste: one for many, after this turn. */
  #wakeWhenWorthIt(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    setImmediate(() => {
      this.#isWaking = false
      const many = Math.max(this.#options.concurrency / 16, this.#foresight.ahead / 2)
      if (this.#again || this.#room() >= many) this.wake()
    })
  }

  async #heartbeat(): Promise<void> {
    const leases = [...this.#held.keys(), ...this.#waiting]
    if (leases.length === 0) return
    try {
      const kept = await this.#options.store.extend(leases, this.#options.leaseMs)
      for (const [index, lease] of leases.entries()) if (kept[index] === false) this.#lose(lease)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not keep leases')
    }
  }

  /** Somebody else has it now. */
  #lose(lease: Lease): void {
    const at = this.#waiting.indexOf(lease)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.#held.get(lease)?.abort.abort(new Error('lease lost'))
  }
}
