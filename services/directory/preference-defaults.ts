import {
  type Bus,
  Cached,
  type Clock,
  type Keys,
  type Logger,
  type Store,
} from '../../src/index.ts'
import { type SaidPreferences, saidIn } from './preferences.ts'

const PARTITION = 0

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
}

/** What everybody of a tenant wants who has not said otherwise himself. */
export class PreferenceDefaults {
  readonly #parts: Parts
  readonly #cached: Cached<SaidPreferences>

  constructor(parts: Parts) {
    const { store, keys } = parts
    const key = keys.preferenceDefaults()
    this.#parts = parts
    this.#cached = new Cached({
      ...{ ...parts, channel: key },
      async read() {
        return saidIn(await store.get(PARTITION, key))
      },
    })
  }

  /** At hand, or a promise of it. */
  get(): SaidPreferences | Promise<SaidPreferences> {
    return this.#cached.get()
  }

  /** In place of what was said before. */
  async save(said: SaidPreferences): Promise<void> {
    const { store, keys } = this.#parts
    const text = JSON.stringify(said)
    await store.commit({
      partition: PARTITION,
      ops: [['set', keys.preferenceDefaults(), text, 0]],
    })
    await this.#cached.changed()
  }
}
