import { Keys } from '../store/keys.ts'
import type { Op, Store } from '../store/store.ts'

/** A broker session that belongs to a slot. */
export interface SlotClient {
  readonly clientId: string
  /** Whole filters, group and prefix included, that the session is subscribed to. */
  readonly filters: readonly string[]
  /** Whether other sessions of the slot get messages of these filters too (`Lane.overlaps`). */
  readonly overlaps: boolean
}

/**
 * Which broker sessions exist for each slot, kept in the store: whoever takes a
 * slot over may have other routes, and must still find what waits in them.
 */
export class SlotClients {
  readonly #store: Store
  readonly #keys = new Keys()

  constructor(store: Store) {
    this.#store = store
  }

  async read(slot: number): Promise<readonly SlotClient[]> {
    const json = await this.#store.get(0, this.#key(slot))
    return json === null ? [] : (JSON.parse(json) as readonly SlotClient[])
  }

  async write(slot: number, clients: readonly SlotClient[]): Promise<void> {
    const key = this.#key(slot)
    const plain = clients.map(({ clientId, filters, overlaps }) => ({
      clientId,
      filters,
      overlaps,
    }))
    const op: Op = plain.length === 0 ? ['del', key] : ['set', key, JSON.stringify(plain), 0]
    await this.#store.commit({ partition: 0, ops: [op] })
  }

  /** Takes out what exists no more, unless it is `planned` again by now. */
  async forget(
    slot: number,
    gone: readonly SlotClient[],
    planned: readonly SlotClient[],
  ): Promise<void> {
    const isGone = (client: SlotClient) => gone.some(isSame(client))
    const known = await this.read(slot)
    await this.write(slot, [
      ...known.filter((client) => !isGone(client)),
      ...planned.filter(isGone),
    ])
  }

  #key(slot: number): string {
    return this.#keys.setting(`mqtt_slot_${slot}`)
  }
}

/** Whether another is the session of this client. */
export function isSame({ clientId }: Named): (other: Named) => boolean {
  return (other) => other.clientId === clientId
}

type Named = Pick<SlotClient, 'clientId'>
