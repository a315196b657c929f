import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'

/** Something that a process needs: broker, store, workers. */
export interface HealthCheck {
  readonly name: string
  /** Worth knowing, but the process does its work without it. */
  readonly isAdvisory?: boolean
  check(): Promise<{ readonly ok: boolean; readonly latencyMs: number; readonly detail?: string }>
}

export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly latency_ms: number
  readonly detail?: string
  readonly advisory?: true
}

export interface Readiness {
  readonly ready: boolean
  readonly results: readonly CheckResult[]
}

/** Longer than that, and whoever asked has gone. */
const PATIENCE_MS = 2000

/** Asks all checks at once; who asks while they run gets the same answer. */
export class HealthChecks {
  readonly #checks: readonly HealthCheck[]
  readonly #clock: Clock
  #running: Promise<Readiness> | null = null
  #isStopping = false

  constructor(checks: readonly HealthCheck[], clock: Clock) {
    this.#checks = checks
    this.#clock = clock
  }

  /** From now on not ready: a balancer sends nobody here any more. */
  stop(): void {
    this.#isStopping = true
  }

  run(): Promise<Readiness> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #ask(): Promise<Readiness> {
    const results = await Promise.all(this.#checks.map((check) => this.#askOne(check)))
    if (this.#isStopping) results.push({ name: 'shutdown', ok: false, latency_ms: 0 })
    return { ready: results.every(({ ok, advisory }) => ok || advisory), results }
  }

  #askOne(asked: HealthCheck): Promise<CheckResult> {
    const { isAdvisory } = asked
    const name = { name: asked.name, ...(isAdvisory ? { advisory: true as const } : {}) }
    return new Promise((resolve) => {
      const giveUp = this.#clock.after(PATIENCE_MS, () => {
        resolve({ ...name, ok: false, latency_ms: PATIENCE_MS, detail: 'no answer' })
      })
      const answer = (result: CheckResult) => {
        giveUp()
        resolve(result)
      }
      Promise.resolve()
        .then(() => asked.check())
        .then(
          ({ ok, latencyMs, detail }) =>
            answer({
              ...name,
              ok,
              latency_ms: Math.round(latencyMs * 100) / 100,
              ...(detail === undefined ? {} : { detail }),
            }),
          (error) => answer({ ...name, ok: false, latency_ms: 0, detail: messageOf(error) }),
        )
    })
  }
}
