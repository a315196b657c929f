import { type Clock, isoTime, type Keys, partitionOf, type Store } from '../../src/index.ts'
import type { Announcing } from '../broadcasts/announcements.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'

/** What nobody has spoken of for so long is forgotten. */
const KEPT_MS = 30 * 86_400_000

export interface SystemStatus {
  readonly component: string
  readonly status: string
  readonly message: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly updated_at: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly announcements: Announcing
}

/** How the systems around us say they are: the last word of each is kept. */
export class StatusService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async update(
    status: Omit<SystemStatus, 'updated_at'>,
    identity: Identity,
  ): Promise<{ status: 'status_updated' }> {
    const { keys, clock, acceptance, announcements } = this.#parts
    const record: SystemStatus = { ...status, updated_at: isoTime(clock.now()) }
    const news = { channel: 'system-status', event: 'status.updated', data: record }
    const partition = this.#partition()
    const accepted = await acceptance.accept({
      partition,
      identity,
      creates: keys.never(),
      ops: [
        ['set', keys.systemStatus(status.component), JSON.stringify(record), KEPT_MS],
        ['sadd', keys.systemComponents(), status.component],
        ...announcements.opsOf(news, partition),
      ],
      reply: { status: 'status_updated' as const },
    })
    if (accepted.status === 'fresh') announcements.tell(news)
    return { status: 'status_updated' }
  }

  /** The last word of every component, by name. */
  async list(): Promise<SystemStatus[]> {
    const { store, keys } = this.#parts
    const partition = this.#partition()
    const components = (await store.members(partition, keys.systemComponents())).sort()
    if (components.length === 0) return []
    const texts = await store.getMany(partition, components.map(keys.systemStatus))
    await this.#forget(components.filter((_, index) => texts[index] === null))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as SystemStatus]))
  }

  /** Unless one of them speaks again at this moment: then with the next look. */
  async #forget(components: readonly string[]): Promise<void> {
    if (components.length === 0) return
    const { store, keys } = this.#parts
    await store.commit({
      partition: this.#partition(),
      guards: components.map((name) => ['expect', keys.systemStatus(name), null] as const),
      ops: components.map((name) => ['srem', keys.systemComponents(), name] as const),
    })
  }

  #partition(): number {
    return partitionOf('system', this.#parts.store.partitions)
  }
}
