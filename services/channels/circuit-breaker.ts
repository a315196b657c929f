import type { Clock } from '../../src/index.ts'

/** `closed`: everything passes; `open`: nothing; `half_open`: one try, which decides. */
export type BreakerState = 'closed' | 'open' | 'half_open'

/** What somebody who looks is told. */
export interface BreakerReport {
  readonly state: BreakerState
  /** Failures in a row. */
  readonly failures: number
  /** Why it opened; `null` while it is closed. */
  readonly reason: string | null
  /** Epoch ms from which on a try is let through; `null` while it is closed. */
  readonly retryAt: number | null
}

/** Leave for one try. Exactly one of its methods is called, once, when the try has ended. */
export interface Pass {
  succeeded(): void
  failed(reason: string): void
  /** It says nothing about the provider. */
  dismissed(): void
}

const MOST_FAILURES = 5
const OPEN_MS = 30_000

interface Options {
  readonly clock: Clock
  /** Told whenever it opens, with the reason. */
  readonly onOpen?: (reason: string) => void
}

/**
 * Keeps us from knocking at the door of a provider that is down: after five
 * failures in a row it lets nothing through for thirty seconds, then one try,
 * whose end decides (Nygard, "Release It!"). Tries that began before it opened
 * no longer count.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #onOpen: (reason: string) => void
  #failures = 0
  #reason: string | null = null
  /** Epoch ms; `null`: closed. */
  #openUntil: number | null = null
  #isProbing = false
  /** Counts openings and closings, so that late news is told from new. */
  #era = 0

  constructor({ clock, onOpen = () => {} }: Options) {
    this.#clock = clock
    this.#onOpen = onOpen
  }

  get report(): BreakerReport {
    const until = this.#openUntil
    return {
      state: this.#state(),
      failures: this.#failures,
      reason: until === null ? null : this.#reason,
      retryAt: until,
    }
  }

  /** How long nothing is let through, in milliseconds; 0: the next try may pass. */
  get closedForMs(): number {
    const left = (this.#openUntil ?? 0) - this.#clock.now()
    // More than that is left only where the clock was set back.
    return left > OPEN_MS ? 0 : Math.max(0, left)
  }

  /** `null` while nothing is let through. */
  pass(): Pass | null {
    const state = this.#state()
    if (state === 'open' || (state === 'half_open' && this.#isProbing)) return null
    const isProbe = state === 'half_open'
    if (isProbe) this.#isProbing = true
    const era = this.#era
    const whenCurrent = (then: () => void) => {
      if (isProbe) this.#isProbing = false
      if (era === this.#era) then()
    }
    return {
      succeeded: () => whenCurrent(() => this.#close()),
      failed: (reason) => whenCurrent(() => this.#count(reason, isProbe)),
      dismissed: () => whenCurrent(() => {}),
    }
  }

  #state(): BreakerState {
    if (this.#openUntil === null) return 'closed'
    return this.closedForMs > 0 ? 'open' : 'half_open'
  }

  #close(): void {
    this.#failures = 0
    if (this.#openUntil === null) return
    this.#openUntil = null
    this.#era += 1
  }

  #count(reason: string, isProbe: boolean): void {
    this.#failures += 1
    this.#reason = reason
    if (!isProbe && this.#failures < MOST_FAILURES) return
    this.#openUntil = this.#clock.now() + OPEN_MS
    this.#era += 1
    this.#onOpen(reason)
  }
}
