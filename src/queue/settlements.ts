import type { Guard, Lease, Op, Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { Unavailable } from '../support/errors.ts'

/** Jobs that end so soon after others are settled together: one write to the disk for all of them. */
const GATHER_MS = 8
/** So many do not wait for more: where jobs are short, the next ones want their places. */
const ENOUGH = 16
/** Pause between tries while the store is away. */
const AGAIN_MS = 200

/** Gives leases back, each together with what its handler wants written. */
export class Settlements {
  readonly #store: Store
  readonly #clock: Clock
  #turn: PromiseWithResolvers<void> | null = null
  #waiting = 0
  #timer: NodeJS.Timeout | undefined
  #lastTurnAt = Number.NEGATIVE_INFINITY

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Insists while the store is away, since the work would be done twice otherwise:
   * a lease that was lost, or given back by a try whose answer was lost, refuses.
   */
  async settle(lease: Lease, ops: readonly Op[], signal: AbortSignal): Promise<void> {
    const guard: Guard = ['lease', lease.queue, lease.jobId, lease.token]
    for (;;) {
      await this.#nextTurn()
      try {
        await this.#store.commit({ partition: lease.partition, guards: [guard], ops })
        return
      } catch (error) {
        if (!(error instanceof Unavailable) || signal.aborted) throw error
        await new Promise<void>((resolve) => this.#clock.after(AGAIN_MS, resolve))
      }
    }
  }

  /** At once if none was lately: who is alone does not wait. */
  #nextTurn(): Promise<void> {
    this.#waiting += 1
    if (this.#turn === null) {
      this.#turn = Promise.withResolvers()
      const waitMs = this.#lastTurnAt + GATHER_MS - performance.now()
      if (waitMs > 0) this.#timer = setTimeout(this.#open, waitMs)
      else setImmediate(this.#open)
    }
    const { promise } = this.#turn
    if (this.#waiting >= ENOUGH && this.#timer) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      setImmediate(this.#open)
    }
    return promise
  }

  readonly #open = (): void => {
    this.#timer = undefined
    const turn = this.#turn
    this.#turn = null
    this.#waiting = 0
    this.#lastTurnAt = performance.now()
    turn?.resolve()
  }
}
