import type { Clock, Keys, Op, Settlement, Store } from '../../src/index.ts'
import type { AlertChanges } from '../alerts/alert-changes.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { Documents } from '../alerts/documents.ts'
import { type InhibitionRule, inhibitingNames } from './inhibition.ts'
import { lookAgainOp } from './wake.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly changes: AlertChanges
  readonly rules: Documents<InhibitionRule>
}

/** The rules by which alerts keep others quiet; a change of one holds for open alerts too. */
export class Inhibitions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  list(): Promise<readonly InhibitionRule[]> {
    return this.#parts.rules.list()
  }

  find(id: string): Promise<InhibitionRule> {
    return this.#parts.rules.find(id)
  }

  create(rule: InhibitionRule): Promise<InhibitionRule> {
    return this.#parts.rules.create(rule, [this.#reindexOp()])
  }

  async save(rule: InhibitionRule): Promise<InhibitionRule> {
    const ops = [this.#reindexOp()]
    const [saved] = await this.#parts.rules.rewrite(rule.id, () => ({ documents: [rule], ops }))
    return saved
  }

  remove(id: string): Promise<void> {
    return this.#parts.rules.remove(id, [this.#reindexOp()])
  }

  /** The work behind a changed rule: open alerts are found under the names of now. */
  async reindex(): Promise<Settlement> {
    const { alerts, changes, rules } = this.#parts
    const all = await rules.list()
    for await (const { id } of alerts.open()) {
      await changes.change(id, (alert) => {
        if (alert.status === 'resolved') return null
        const names = inhibitingNames(all, alert)
        if (names.join() === alert.inhibits.join()) return null
        return { alert: { ...alert, inhibits: names }, log: [], event: null }
      })
    }
    return { ops: [] }
  }

  #reindexOp(): Op {
    const { keys, clock, rules, store } = this.#parts
    const at = { now: clock.now(), partition: rules.partition, partitions: store.partitions }
    return lookAgainOp(keys, 'reindex', at)
  }
}
