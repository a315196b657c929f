import { type Guard, type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { unsentOf, withdrawal } from '../deliveries/unsent.ts'
import type { NotificationRecord } from './notification-record.ts'

const POINTER_TTL_MS = 30 * 86_400_000

/** What a message with a collapse key takes the place of, and what holds only if that stays so. */
export interface Replacing {
  /** The unread notification that is replaced; `null`: there is none. */
  readonly earlier: NotificationRecord | null
  readonly guards: readonly Guard[]
  opsFor(id: string): Op[]
}

/** What most messages replace. */
export const NOTHING: Replacing = { earlier: null, guards: [], opsFor: () => [] }

/**
 * Finds the unread notification of the same user with the same collapse key. It
 * is replaced in place: same id, one version more, moved to the top, counted once;
 * what of it has not gone out does not go out any more.
 */
export class Collapse {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /** `gone`: deliveries that have been found in a worker's hands. */
  async find(user: string, collapseKey: string, gone: ReadonlySet<string>): Promise<Replacing> {
    const [store, keys] = [this.#store, this.#keys]
    const partition = partitionOf(user, store.partitions)
    const pointer = keys.collapse(user, collapseKey)
    const id = await store.get(partition, pointer)
    const text = id && (await store.get(partition, keys.notification(id)))
    const found = text ? (JSON.parse(text) as NotificationRecord) : null
    const earlier = found?.read ? null : found
    const guards: Guard[] = [['expect', pointer, id]]
    if (earlier && text) {
      const unsent = await unsentOf({ store, keys }, earlier)
      guards.push(['expect', keys.notification(earlier.id), text])
      for (const each of unsent) if (!gone.has(each.id)) guards.push(withdrawal(keys, each))
    }
    return {
      earlier,
      guards,
      opsFor: (newId) => [
        ...(earlier ? [['pull', keys.inbox(user), newId] as const] : []),
        ['set', pointer, newId, POINTER_TTL_MS],
      ],
    }
  }
}
