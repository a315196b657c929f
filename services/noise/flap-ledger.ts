import type { Guard, Keys, Op, Store } from '../../src/index.ts'
import { alertJobOp } from '../alerts/alert-job.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'
import { changed, type FlapState, STEADY, settlesAt } from './flap.ts'

/** What did not change for so long is forgotten. */
export const FLAP_KEPT_MS = 86_400_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/** What belongs into the write that raises or resolves an alert. */
export interface FlapStep {
  readonly isFlapping: boolean
  readonly guards: readonly Guard[]
  readonly ops: readonly Op[]
}

/** Remembers how often things change between triggered and resolved, in the write that changes them. */
export class FlapLedger {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `text`: what is stored under {@link Keys.alertFlap} of its dedup key. */
  step(alert: StoredAlert, to: 0 | 1, text: string | null, now: number): FlapStep {
    const { keys } = this.#parts
    const before = stateOf(text)
    const after = changed(before, [to, now], alert.id)
    const begins = after.flapping && !before.flapping
    const notice = begins
      ? [
          alertJobOp(keys, alert, { kind: 'flapping', now }),
          alertJobOp(keys, alert, { kind: 'settle', now, at: settlesAt(after) }),
        ]
      : []
    const key = keys.alertFlap(alert.dedup_key)
    return {
      isFlapping: after.flapping,
      guards: [['expect', key, text]],
      ops: [['set', key, JSON.stringify(after), FLAP_KEPT_MS], ...notice],
    }
  }

  read({ dedup_key }: Pick<StoredAlert, 'dedup_key'>, partition: number): Promise<string | null> {
    return this.#parts.store.get(partition, this.#parts.keys.alertFlap(dedup_key))
  }

  async isFlapping(alert: StoredAlert, partition: number): Promise<boolean> {
    return stateOf(await this.read(alert, partition)).flapping
  }
}

/** What is stored of the changes of something. */
export function stateOf(text: string | null): FlapState {
  return text === null ? STEADY : (JSON.parse(text) as FlapState)
}
