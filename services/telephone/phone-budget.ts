import type { Keys, Store } from '../../src/index.ts'
import type { MessageKind } from '../channels/destination-limits.ts'

/** How many text messages may go out, and how many calls; `null`: any number. */
export interface PhoneLimits {
  /** To one number, in a day. */
  readonly perNumber: number | null
  /** To numbers that differ in their last four digits only, in an hour. */
  readonly perPrefix: number | null
  /** In all, in a day, counted in parts, as they are billed. */
  readonly perDay: number | null
}

interface Parts {
  readonly store: Pick<Store, 'hit'>
  readonly keys: Keys
  readonly limits: PhoneLimits
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const VARYING_DIGITS = 4

/**
 * Bounds what text messages and calls can cost, and stops "pumping": somebody who makes us
 * write to a thousand numbers of a range that pays him for each. Alerts are
 * counted apart, so that nothing else uses up what they need, and so is what is urgent.
 */
export class PhoneBudget {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Takes what one message of `segments` parts, or one call, to an E.164 number costs; answers
   * with `null`, or why it may not be sent. The narrowest budget is asked first.
   */
  async take(
    phone: string,
    { channel, kind, segments }: { channel: string; kind: MessageKind; segments: number },
  ): Promise<string | null> {
    const { perNumber, perPrefix, perDay } = this.#parts.limits
    const prefix = phone.slice(0, -VARYING_DIGITS)
    const hit = (name: string, limit: number | null, windowMs: number, calls: number) =>
      this.#take(`budget:${channel}:${kind}:${name}`, { limit, windowMs, calls })
    if (!(await hit(`number:${phone}`, perNumber, DAY_MS, 1))) {
      return `budget: ${perNumber} a day to one number`
    }
    if (!(await hit(`prefix:${prefix}`, perPrefix, HOUR_MS, 1))) {
      return `budget: ${perPrefix} an hour to numbers that begin with ${prefix}`
    }
    if (!(await hit('day', perDay, DAY_MS, segments))) {
      return `budget: ${perDay} parts a day`
    }
    return null
  }

  async #take(name: string, window: Window): Promise<boolean> {
    const { store, keys } = this.#parts
    const { limit, windowMs, calls } = window
    if (limit === null) return true
    return (await store.hit(keys.rate(name), limit, windowMs, calls)).granted === calls
  }
}

interface Window {
  readonly limit: number | null
  readonly windowMs: number
  readonly calls: number
}
