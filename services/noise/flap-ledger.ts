import type { Clock, Guard, Keys, Op, Settlement, Store } from '../../src/index.ts'
import type { AlertChange, AlertChanges } from '../alerts/alert-changes.ts'
import { type AlertJob, alertJobOp } from '../alerts/alert-job.ts'
import { logEntry, type StoredAlert, triggeredAgain } from '../alerts/alert-record.ts'
import { enqueueOp } from '../deliveries/delivery-job.ts'
import { changed, type FlapState, STEADY, settlesAt } from './flap.ts'

const KEPT_MS = 86_400_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
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
      ops: [['set', key, JSON.stringify(after), KEPT_MS], ...notice],
    }
  }

  read({ dedup_key }: Pick<StoredAlert, 'dedup_key'>, partition: number): Promise<string | null> {
    return this.#parts.store.get(partition, this.#parts.keys.alertFlap(dedup_key))
  }

  async isFlapping(alert: StoredAlert, partition: number): Promise<boolean> {
    return stateOf(await this.read(alert, partition)).flapping
  }

  /**
   * Looks whether it has settled. What is open then is told as if it were new,
   * what is resolved is said to be; both in the write that ends the flapping.
   */
  async settle(job: AlertJob, partition: number, changes: AlertChanges): Promise<Settlement> {
    const { store, keys, clock } = this.#parts
    const key = keys.alertFlap(job.dedup_key ?? '')
    const text = await store.get(partition, key)
    const state = stateOf(text)
    if (!state.flapping) return { ops: [] }
    const now = clock.now()
    const at = settlesAt(state)
    const again = { ...job, send_at: Math.max(at, now + 1000) / 1000 }
    if (at > now) return { ops: [enqueueOp(keys, again, now)] }
    const steady: Op = ['set', key, JSON.stringify({ ...state, flapping: false }), KEPT_MS]
    await changes.change(state.alert_id, async (alert) => {
      if ((await store.get(partition, key)) !== text) return null
      const { ops = [], ...change } = this.#settled(alert, now)
      return { ...change, ops: [steady, ...ops], guards: [['expect', key, text]] }
    })
    // Where it changed meanwhile nothing was written: it is looked at again.
    const isStill = stateOf(await store.get(partition, key)).flapping
    return { ops: isStill ? [enqueueOp(keys, again, now)] : [] }
  }

  #settled(before: StoredAlert, now: number): AlertChange {
    const { keys } = this.#parts
    const isOpen = before.status === 'triggered'
    const alert = isOpen ? { ...triggeredAgain(before), flapping: false } : before
    const why =
      before.status === 'resolved' ? 'no longer flapping' : 'no longer flapping, still open'
    const kind = isOpen ? 'notify' : 'settled'
    const ops = [alertJobOp(keys, alert, { kind, now })]
    return { alert, log: [logEntry(now, 'settled', null, why)], ops, event: null }
  }
}

function stateOf(text: string | null): FlapState {
  return text === null ? STEADY : (JSON.parse(text) as FlapState)
}
