import type { Clock } from '../support/clock.ts'
import { RateLimitExceeded } from '../support/errors.ts'

const WINDOW_SECONDS = 10
const MOST_FRAMES = 300
/** What a client must send to keep in step is not counted. */
const FREE = new Set(['ack', 'ping', 'auth'])

/** How much one user's clients may ask of this process: 300 frames in 10 seconds, acknowledgements aside. */
export class FrameLimit {
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  #window = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws `RateLimitExceeded` when `user` sends too much. */
  admit(user: string, frameType: string): void {
    if (FREE.has(frameType)) return
    const now = this.#clock.now() / 1000
    const window = Math.floor(now / WINDOW_SECONDS)
    if (window !== this.#window) {
      this.#window = window
      this.#counts.clear()
    }
    const count = (this.#counts.get(user) ?? 0) + 1
    this.#counts.set(user, count)
    if (count <= MOST_FRAMES) return
    const resetTime = (window + 1) * WINDOW_SECONDS
    throw new RateLimitExceeded({
      retryAfter: Math.max(1, Math.ceil(resetTime - now)),
      maxRequests: MOST_FRAMES,
      windowSeconds: WINDOW_SECONDS,
      resetTime,
    })
  }
}
