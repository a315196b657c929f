import type { Keys } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'

/** How long a gateway counts as alive after its last sign of life. */
export const LEASE_MS = 10_000
const PARTITION = 0

interface Parts {
  readonly store: Store
  /** Of the default tenant: processes serve all of them. */
  readonly keys: Keys
}

/**
 * Which gateway processes there are. Each keeps a key that ends with its lease,
 * by the store's clock: nobody compares clocks of two machines.
 */
export class FleetNodes {
  readonly #store: Store
  readonly #keys: Keys

  constructor({ store, keys }: Parts) {
    this.#store = store
    this.#keys = keys
  }

  /** A sign of life. `false`: until now the others could think that the process was dead. */
  async keep(node: string): Promise<boolean> {
    const key = this.#keys.gatewayNode(node)
    const wasAlive = (await this.#store.get(PARTITION, key)) !== null
    await this.#store.commit({
      partition: PARTITION,
      ops: [
        ['set', key, '1', LEASE_MS],
        ['sadd', this.#keys.gatewayNodes(), node],
      ],
    })
    return wasAlive
  }

  /** Those that live, and those that have ended without a word. */
  async look(): Promise<{ readonly alive: readonly string[]; readonly dead: readonly string[] }> {
    const nodes = await this.#store.members(PARTITION, this.#keys.gatewayNodes())
    if (nodes.length === 0) return { alive: [], dead: [] }
    const leases = await this.#store.getMany(PARTITION, nodes.map(this.#keys.gatewayNode))
    return {
      alive: nodes.filter((_, index) => leases[index] !== null),
      dead: nodes.filter((_, index) => leases[index] === null),
    }
  }

  async forget(node: string): Promise<void> {
    await this.#store.commit({
      partition: PARTITION,
      ops: [
        ['del', this.#keys.gatewayNode(node)],
        ['srem', this.#keys.gatewayNodes(), node],
      ],
    })
  }
}
