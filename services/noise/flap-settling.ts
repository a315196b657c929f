import type { Clock, Keys, Op, Settlement, Store } from '../../src/index.ts'
import type { AlertChange, AlertChanges } from '../alerts/alert-changes.ts'
import { type AlertJob, alertJobOp } from '../alerts/alert-job.ts'
import { logEntry, type StoredAlert, triggeredAgain } from '../alerts/alert-record.ts'
import { enqueueOp } from '../deliveries/delivery-job.ts'
import { settlesAt } from './flap.ts'
import { FLAP_KEPT_MS, stateOf } from './flap-ledger.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly changes: AlertChanges
}

/** Ends the flapping of what has not changed for long enough. */
export class FlapSettling {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Looks whether it has settled. What is open then is told as if it were new,
   * what is resolved is said to be; both in the write that ends the flapping.
   */
  async settle(job: AlertJob, partition: number): Promise<Settlement> {
    const { store, keys, clock, changes } = this.#parts
    const key = keys.alertFlap(job.dedup_key ?? '')
    const text = await store.get(partition, key)
    const state = stateOf(text)
    if (!state.flapping) return { ops: [] }
    const now = clock.now()
    const at = settlesAt(state)
    const again = { ...job, send_at: Math.max(at, now + 1000) / 1000 }
    if (at > now) return { ops: [enqueueOp(keys, again, now)] }
    const steady: Op = ['set', key, JSON.stringify({ ...state, flapping: false }), FLAP_KEPT_MS]
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
    if (before.status === 'resolved') {
      const log = [logEntry(now, 'settled', null, 'no longer flapping')]
      const ops = [alertJobOp(keys, before, { kind: 'settled', now })]
      return { alert: before, log, ops, event: null }
    }
    const log = [logEntry(now, 'settled', null, 'no longer flapping, still open')]
    const steady = { ...before, flapping: false }
    // Whoever has it in hand knows that it is open.
    if (before.status !== 'triggered') return { alert: steady, log, event: null }
    const alert = triggeredAgain(steady, now)
    return { alert, log, ops: [alertJobOp(keys, alert, { kind: 'notify', now })], event: null }
  }
}
