import { queueKeys } from '../store/keys.ts'
import {
  type Guard,
  type Lease,
  type Op,
  PRIORITIES,
  type Priority,
  type Store,
} from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { insist } from '../support/insist.ts'

/** Jobs that end so soon after others are settled together: one write to the disk for all of them. */
const GATHER_MS = 8
/** So many do not wait for more: where jobs are short, the next ones want their places. */
const ENOUGH = 16
/** Pause between tries while the store is away. */
const AGAIN_MS = 200
/** As long as any job waits. */
const GIVEN_BACK_TTL_MS = 7 * 86_400_000

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
    await this.#insist(signal, async () => {
      await this.#nextTurn()
      await this.#commit(lease, ops)
    })
  }

  /**
   * Puts a job back as it stands in the store, to be taken again after `waitMs`: its
   * worker lives, so this taking does not count against it.
   */
  async giveBack(lease: Lease, waitMs: number, signal: AbortSignal): Promise<void> {
    const { partition, queue, jobId } = lease
    await this.#insist(signal, async () => {
      const text = await this.#store.get(partition, queueKeys.job(queue, jobId))
      if (text === null) return
      const at = waitMs === 0 ? 0 : this.#clock.now() + waitMs
      await this.#commit(lease, [
        ['enqueue', queue, jobId, text, priorityIn(text), at, waitMs + GIVEN_BACK_TTL_MS],
      ])
    })
  }

  async #commit({ partition, queue, jobId, token }: Lease, ops: readonly Op[]): Promise<void> {
    const guard: Guard = ['lease', queue, jobId, token]
    await this.#store.commit({ partition, guards: [guard], ops })
  }

  #insist(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    return insist(work, {
      clock: this.#clock,
      isOver: () => signal.aborted,
      pauseMs: () => AGAIN_MS,
    })
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

function priorityIn(job: string): Priority {
  const { priority } = JSON.parse(job) as { readonly priority?: Priority }
  return PRIORITIES.find((known) => known === priority) ?? 'normal'
}
