import { type Keys, type Op, type Store, Unavailable } from '../../src/index.ts'
import { type Counted, originHash, type StoredAlert } from './alert-record.ts'

/**
 * The sets in which open alerts are found, besides the list of all: under their source and
 * severity while nobody answered, and under the names by which they keep others quiet. Each
 * alert stands in the sets of its own partition.
 */
export class AlertIndex {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /** For the write that changes an alert; `null`: it is new. */
  ops(before: StoredAlert | null, after: StoredAlert): Op[] {
    const [were, are] = [this.#keysOf(before), this.#keysOf(after)]
    return [
      ...were.filter((key) => !are.includes(key)).map((key) => ['srem', key, after.id] as const),
      ...are.filter((key) => !were.includes(key)).map((key) => ['sadd', key, after.id] as const),
    ]
  }

  /** Ids of alerts that are found under a name. */
  async inhibiting(name: string): Promise<string[]> {
    const key = this.#keys.inhibiting(name)
    return (await this.#ofEach((partition) => this.#store.members(partition, key))).flat()
  }

  /** How many alerts of the same source and severity nobody answered. */
  async unanswered(alert: Counted): Promise<number> {
    const key = this.#unansweredKey(alert)
    const counts = await this.#ofEach((partition) => this.#store.count(partition, key))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  #keysOf(alert: StoredAlert | null): string[] {
    if (alert === null || alert.status === 'resolved') return []
    const inhibiting = alert.inhibits.map((name) => this.#keys.inhibiting(name))
    return alert.status === 'triggered' ? [this.#unansweredKey(alert), ...inhibiting] : inhibiting
  }

  #unansweredKey(alert: Counted): string {
    return this.#keys.unansweredAlerts(originHash(alert))
  }

  /** A partition that is away keeps no alert of another one from being raised and told. */
  async #ofEach<T>(read: (partition: number) => Promise<T>): Promise<T[]> {
    const all = Array.from({ length: this.#store.partitions }, (_, n) => read(n).catch(nullIfAway))
    return (await Promise.all(all)).filter((one) => one !== null)
  }
}

function nullIfAway(error: unknown): null {
  if (error instanceof Unavailable) return null
  throw error
}
