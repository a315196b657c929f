import type { Allowance } from '../store.ts'
import type { Collections } from './inbox.ts'

/** The calls that were granted lately, by the millisecond. */
interface Window {
  readonly moments: { readonly at: number; calls: number }[]
  /** Where in `moments` the window begins; what lies before is dropped now and then. */
  first: number
  granted: number
}

const REMEMBERED = 20_000
const DROP_AFTER = 256

export interface Hit {
  readonly key: string
  readonly limit: number
  readonly windowMs: number
  readonly calls: number
  readonly aheadMs: number
}

/**
 * Sliding windows: a sorted set a key, one member for each millisecond in which
 * calls were granted. The sums are kept in memory, so that a call costs the same
 * however many the window holds.
 */
export class Windows {
  readonly #store: Collections
  readonly #known = new Map<string, Window>()

  constructor(collections: Collections, onRollback: (forget: () => void) => void) {
    this.#store = collections
    onRollback(() => this.#known.clear())
  }

  hit({ key, limit, windowMs, calls, aheadMs }: Hit): Allowance {
    const { keys } = this.#store
    const now = keys.now
    const window = this.#slide(key, now - windowMs)
    const granted = Math.max(0, Math.min(calls, limit - window.granted))
    if (granted > 0) {
      this.#count(key, window, { at: now + aheadMs, calls: granted })
      keys.expire(key, now + aheadMs + windowMs)
    }
    const oldest = window.moments[window.first]
    const remaining = Math.max(0, limit - window.granted)
    const resetsAt = remaining > 0 || oldest === undefined ? now : oldest.at + windowMs
    return { granted, remaining, resetsAt }
  }

  #count(key: string, window: Window, moment: { at: number; calls: number }): void {
    const last = window.moments.at(-1)
    // A clock that was set back must not put moments out of order.
    const at = Math.max(moment.at, last?.at ?? 0)
    if (last !== undefined && last.at === at) last.calls += moment.calls
    else window.moments.push({ at, calls: moment.calls })
    window.granted += moment.calls
    this.#store.zsets.add(key, at, String(at), window.moments.at(-1)!.calls)
  }

  /** The window as it is now: what lies at or before `until` no longer counts. */
  #slide(key: string, until: number): Window {
    const window = this.#window(key)
    let slid = false
    for (let next = window.moments[window.first]; next !== undefined && next.at <= until; ) {
      window.granted -= next.calls
      window.first += 1
      next = window.moments[window.first]
      slid = true
    }
    if (slid) this.#store.zsets.removeUpTo(key, until)
    if (window.first > DROP_AFTER) {
      window.moments.splice(0, window.first)
      window.first = 0
    }
    return window
  }

  #window(key: string): Window {
    const known = this.#known.get(key)
    const isEmpty = this.#store.zsets.size(key) === 0
    // Somebody may have deleted the key.
    return known === undefined || (isEmpty && known.granted > 0) ? this.#load(key) : known
  }

  #load(key: string): Window {
    if (this.#known.size > REMEMBERED) this.#known.clear()
    const rows = this.#store.zsets.byScore(key, -Infinity, Infinity, -1)
    const moments = rows.map(({ score, note }) => ({ at: score, calls: note ?? 1 }))
    const granted = moments.reduce((sum, { calls }) => sum + calls, 0)
    const window = { moments, first: 0, granted }
    this.#known.set(key, window)
    return window
  }
}
