import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'

export interface SlotTimes {
  /** How long a slot is ours without a sign of life. */
  readonly leaseMs: number
  readonly keepEveryMs: number
  /** How long after its lease, or after it was vacated, a slot counts as abandoned. */
  readonly graceMs: number
}

const SLOT_NAME = 'mqtt'
/** Pause between tries while the store is away. */
const RETRY_MS = 500

interface SlotsParts {
  readonly store: Store
  /** Unique for each process that ever runs. */
  readonly holder: string
  readonly times: SlotTimes
  readonly clock: Clock
  readonly log: Logger
}

/** The numbered places of the fleet: client ids, and so broker sessions, are made from them. */
export class Slots {
  readonly #parts: SlotsParts

  constructor(parts: SlotsParts) {
    this.#parts = parts
  }

  /** Claims a slot; waits while the store is away, until `isStopped` says so (then `null`). */
  async claim(isStopped: () => boolean): Promise<Slot | null> {
    const { store, holder, times, clock, log } = this.#parts
    for (let isFirst = true; !isStopped(); isFirst = false) {
      try {
        const { slot, takenOver } = await store.claimSlot(SLOT_NAME, holder, times.leaseMs)
        return new Slot(this.#parts, slot, takenOver)
      } catch (error) {
        if (isFirst) log.warn({ reason: messageOf(error) }, 'no slot can be claimed; trying again')
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve))
      }
    }
    return null
  }

  /** Claims a slot whose holder is gone and did not come back; `null` when there is none. */
  async claimAbandoned(): Promise<Slot | null> {
    const { store, holder, times } = this.#parts
    const { leaseMs, graceMs } = times
    const number = await store.claimAbandonedSlot(SLOT_NAME, holder, leaseMs, graceMs)
    return number === null ? null : new Slot(this.#parts, number, true)
  }
}

/** A slot in our hands. */
export class Slot {
  readonly number: number
  /** Whether it had a holder before, whose broker sessions may wait. */
  readonly takenOver: boolean
  readonly #parts: SlotsParts
  readonly #lost = Promise.withResolvers<void>()
  readonly #stopKeeping: () => void
  #keptAt: number
  /** Since when every sign of life has reached the store. */
  #steadySince: number
  #isLost = false
  #onLateSign: () => void = () => undefined

  constructor(parts: SlotsParts, number: number, takenOver: boolean) {
    this.#parts = parts
    this.number = number
    this.takenOver = takenOver
    this.#keptAt = parts.clock.now()
    this.#steadySince = this.#keptAt
    this.#stopKeeping = parts.clock.every(parts.times.keepEveryMs, () => void this.#keep())
  }

  /** Resolves when somebody else has it. */
  get lost(): Promise<void> {
    return this.#lost.promise
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /**
   * Calls `listener` when the lease had run out and is ours again all the same:
   * in between somebody may have emptied and forgotten the slot.
   */
  onLateSign(listener: () => void): void {
    this.#onLateSign = listener
  }

  /**
   * Whether the store has been there for the length of a lease. After it was
   * away everybody's lease has run out, and the living must renew theirs before
   * anybody may call a slot abandoned.
   */
  get isSteady(): boolean {
    const { clock, times } = this.#parts
    const now = clock.now()
    const isFresh = now - this.#keptAt < times.leaseMs
    return !this.#isLost && isFresh && now - this.#steadySince >= times.leaseMs
  }

  /**
   * Whether it is ours beyond doubt. When the lease could not be kept, or `ask`,
   * the store is asked, and waited for: our client ids may be in use by now.
   */
  async confirm({ ask }: { readonly ask: boolean }): Promise<boolean> {
    const { clock, times } = this.#parts
    if (!ask && clock.now() - this.#keptAt < times.leaseMs) return !this.#isLost
    while (!this.#isLost && !(await this.#keep())) {
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve))
    }
    return !this.#isLost
  }

  /** Gives it back: `vacate` when its sessions stay for the next holder, else it is forgotten. */
  async release({ vacate }: { readonly vacate: boolean }): Promise<void> {
    this.#stopKeeping()
    if (this.#isLost) return
    this.#isLost = true
    const { store, holder, log } = this.#parts
    try {
      await store.releaseSlot(SLOT_NAME, this.number, holder, vacate)
    } catch (error) {
      log.warn({ slot: this.number, reason: messageOf(error) }, 'the slot is left to run out')
    }
  }

  /** `false` when the store did not answer, so that nobody knows. */
  async #keep(): Promise<boolean> {
    const { store, holder, times, clock, log } = this.#parts
    if (this.#isLost) return true
    const askedAt = clock.now()
    try {
      if (await store.keepSlot(SLOT_NAME, this.number, holder, times.leaseMs)) {
        const isLate = askedAt - this.#keptAt > times.leaseMs
        this.#keptAt = askedAt
        if (isLate) this.#onLateSign()
        this.#steadySince = Math.min(this.#steadySince, askedAt)
        return true
      }
    } catch (error) {
      log.warn({ slot: this.number, reason: messageOf(error) }, 'the slot could not be kept')
      this.#steadySince = Number.POSITIVE_INFINITY
      return false
    }
    if (!this.#isLost) {
      log.warn({ slot: this.number }, 'another process has our slot')
      this.#isLost = true
      this.#stopKeeping()
      this.#lost.resolve()
    }
    return true
  }
}
