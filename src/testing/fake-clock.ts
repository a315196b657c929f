import type { Clock } from '../support/clock.ts'

interface Timer {
  at: number
  readonly everyMs: number | null
  readonly run: () => void
}

/** A clock that moves only when told to. Timers that become due fire in order. */
export class FakeClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(now = Date.UTC(2026, 0, 5, 12)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    return this.#add({ at: this.#now + ms, everyMs: null, run })
  }

  every(ms: number, run: () => void): () => void {
    return this.#add({ at: this.#now + ms, everyMs: ms, run })
  }

  /** Moves on by `ms`, firing what becomes due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#now = Math.max(this.#now, next.at)
      if (next.everyMs === null) this.#timers.delete(next)
      else next.at += next.everyMs
      next.run()
    }
    this.#now = end
  }

  /** Moves on at once, as on a machine that slept: what repeats fires once. */
  leap(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now || !this.#timers.has(timer)) continue
      if (timer.everyMs === null) this.#timers.delete(timer)
      else timer.at = this.#now + timer.everyMs
      timer.run()
    }
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #nextDue(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}
