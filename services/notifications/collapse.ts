import { type Guard, type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
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
 * is replaced in place: same id, one version more, moved to the top, counted once.
 */
export class Collapse {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  async find(user: string, collapseKey: string): Promise<Replacing> {
    const partition = partitionOf(user, this.#store.partitions)
    const pointer = this.#keys.collapse(user, collapseKey)
    const id = await this.#store.get(partition, pointer)
    const text = id && (await this.#store.get(partition, this.#keys.notification(id)))
    const found = text ? (JSON.parse(text) as NotificationRecord) : null
    const earlier = found?.read ? null : found
    const guards: Guard[] = [['expect', pointer, id]]
    if (earlier && text) guards.push(['expect', this.#keys.notification(earlier.id), text])
    return {
      earlier,
      guards,
      opsFor: (newId) => [
        ...(earlier ? [['pull', this.#keys.inbox(user), newId] as const] : []),
        ['set', pointer, newId, POINTER_TTL_MS],
      ],
    }
  }
}
