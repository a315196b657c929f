import type { Clock } from '../../../src/index.ts'

/** How many posts a receiver takes within a window. */
export interface Pace {
  readonly limit: number
  readonly windowMs: number
}

interface Window {
  remaining: number
  endsAt: number
  /** How long it was when it began. */
  readonly lengthMs: number
  /** How many were sent away to come later. */
  queued: number
}

const MOST_RECEIVERS = 10_000

/**
 * Holds posts back before a receiver has to: by the pace that its vendor
 * documents, corrected by what its answers say. Kept in memory, for each process
 * by itself; what two of them send too fast together, the receiver's 429 slows down.
 */
export class RatePacer {
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** 0: go ahead; otherwise the milliseconds after which it is this post's turn. */
  reserve(receiver: string, pace: Pace): number {
    const now = this.#clock.now()
    const window = this.#windowOf(receiver, pace, now)
    if (window.remaining > 0) {
      window.remaining -= 1
      return 0
    }
    const windowsAhead = Math.floor(window.queued / pace.limit)
    window.queued += 1
    return Math.max(1, window.endsAt - now) + windowsAhead * pace.windowMs
  }

  /** The receiver said how many it still takes, and when it takes more again. */
  learn(receiver: string, { remaining, resetMs }: { remaining: number; resetMs: number }): void {
    const queued = this.#windows.get(receiver)?.queued ?? 0
    const known = this.#windows.get(receiver)?.remaining ?? remaining
    const endsAt = this.#clock.now() + resetMs
    // What is on its way has not been counted by the receiver yet: the smaller number is right.
    const left = Math.min(remaining, known)
    this.#set(receiver, { remaining: left, endsAt, lengthMs: resetMs, queued })
  }

  /** Nothing more for so long. */
  pause(receiver: string, ms: number): void {
    this.learn(receiver, { remaining: 0, resetMs: ms })
  }

  #windowOf(receiver: string, pace: Pace, now: number): Window {
    const known = this.#windows.get(receiver)
    // Where the clock was set back it would seem to end later than it ever could.
    if (known && known.endsAt > now && known.endsAt - now <= known.lengthMs) return known
    const since = known ? Math.max(0, now - known.endsAt) : 0
    const passed = known ? 1 + Math.floor(since / pace.windowMs) : 0
    const queued = passed === 0 ? 0 : Math.max(0, (known?.queued ?? 0) - passed * pace.limit)
    const { limit, windowMs } = pace
    const fresh = { remaining: limit, endsAt: now + windowMs, lengthMs: windowMs, queued }
    this.#set(receiver, fresh)
    return fresh
  }

  #set(receiver: string, window: Window): void {
    this.#windows.delete(receiver)
    this.#windows.set(receiver, window)
    if (this.#windows.size <= MOST_RECEIVERS) return
    const [oldest] = this.#windows.keys()
    if (oldest !== undefined) this.#windows.delete(oldest)
  }
}
