import type { Clock } from '../../src/index.ts'

/** Knocking with bad credentials again and again gets an account locked. Milliseconds. */
export const LOCKOUT_MS = 60_000

/** After bad credentials nothing is asked for a minute, by whatever uses the account. */
export class Lockout<Outcome extends object> {
  readonly #clock: Clock
  #until = 0
  #outcome: Outcome | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What is said without asking; `null` when it may be asked. */
  get outcome(): Outcome | null {
    const left = this.#until - this.#clock.now()
    // More than that is left only where the clock was set back.
    return left > 0 && left <= LOCKOUT_MS ? this.#outcome : null
  }

  begin(outcome: Outcome): void {
    this.#until = this.#clock.now() + LOCKOUT_MS
    this.#outcome = outcome
  }

  /** Remembers an outcome that spoke of credentials; hands on every one. */
  after<One extends Outcome>(outcome: One): One {
    const { reason } = outcome as { readonly reason?: unknown }
    if (typeof reason === 'string' && reason.startsWith('bad_credentials')) this.begin(outcome)
    return outcome
  }
}
