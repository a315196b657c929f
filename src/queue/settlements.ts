import type { Guard, Lease, Op, Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { Unavailable } from '../support/errors.ts'

/** Jobs that end so soon after others are settled together: one write to the disk for all of them. */
const GATHER_MS = 8
/** Pause between tries while the store is away. */
const AGAIN_MS = 200

/** Gives leases back, each together with what its handler wants written. */
export class Settlements {
  readonly #store: Store
  readonly #clock: Clock
  #turn: Promise<void> | null = null
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
    this.#turn ??= new Promise((resolve) => {
      const open = () => {
        this.#turn = null
        this.#lastTurnAt = performance.now()
        resolve()
      }
      const waitMs = this.#lastTurnAt + GATHER_MS - performance.now()
      if (waitMs > 0) setTimeout(open, waitMs)
      else setImmediate(open)
    })
    return this.#turn
  }
}
