import type { Lease } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'

/** How long nothing else is begun while a job is in hand that may have killed its last worker. */
const PROBATION_MS = 1_000

/** Jobs that were lost before: each is alone for a while, so that no other is lost with it. */
export class Probation {
  readonly #clock: Clock
  readonly #onTrust: () => void
  readonly #suspects = new Set<Lease>()

  /** `onTrust` is called whenever one has ended or lived long enough. */
  constructor(clock: Clock, onTrust: () => void) {
    this.#clock = clock
    this.#onTrust = onTrust
  }

  get isOn(): boolean {
    return this.#suspects.size > 0
  }

  watch(lease: Lease, done: Promise<void>): void {
    if (lease.takes < 2) return
    this.#suspects.add(lease)
    const trust = () => {
      if (this.#suspects.delete(lease)) this.#onTrust()
    }
    const cancel = this.#clock.after(PROBATION_MS, trust)
    void done.then(() => {
      cancel()
      trust()
    })
  }
}
