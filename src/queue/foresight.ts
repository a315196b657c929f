/** So long a job may wait in hand for those before it. */
const WAIT_MS = 20
/** No more than this share of the room is taken in advance: others may have room too. */
const MOST = 0.25
/** The last so many jobs say how long one takes. */
const REMEMBERED = 16

/**
 * Says how many jobs to take in advance, so that no room is empty while others are
 * fetched: as many as will begin in the next moments.
 */
export class Foresight {
  readonly #concurrency: number
  #typicalMs = Number.POSITIVE_INFINITY

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** A job has ended that was worked on for so long. */
  note(tookMs: number): void {
    const known = Number.isFinite(this.#typicalMs) ? this.#typicalMs : tookMs
    this.#typicalMs = known + (tookMs - known) / REMEMBERED
  }

  /** None where jobs take long: those in hand would wait while another process is idle. */
  get ahead(): number {
    return Math.floor(this.#concurrency * Math.min(MOST, WAIT_MS / this.#typicalMs))
  }
}
