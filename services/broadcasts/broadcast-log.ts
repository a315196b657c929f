import { isoTime, type Keys, type Op, type Store } from '../../src/index.ts'
import type { BroadcastKind, NamedBroadcast } from './named-broadcast.ts'

const LIMIT = 10_000

/** One named broadcast as the audit trail keeps it. */
export interface BroadcastEntry {
  readonly id: string
  readonly kind: BroadcastKind | null
  readonly event: string
  readonly channels: readonly string[]
  readonly queue: string | null
  /** How many were to find it in their inbox. */
  readonly recorded_for: number
  /** Who asked for it: a user, a key, or the event that it was made of. */
  readonly source: string
  /** Why it was not made; `null`: it was. */
  readonly refused: string | null
  readonly created_at: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/** The audit trail of named broadcasts: what was broadcast where, at whose word. */
export class BroadcastLog {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  opOf(entry: Omit<BroadcastEntry, 'created_at'>, now: number): Op {
    const text = JSON.stringify({ ...entry, created_at: isoTime(now) })
    return ['push', this.#parts.keys.broadcastLog(), text, LIMIT]
  }

  /** Newest first over all partitions. */
  async list(limit: number): Promise<BroadcastEntry[]> {
    const { store, keys } = this.#parts
    const key = keys.broadcastLog()
    const pages = await Promise.all(
      Array.from({ length: store.partitions }, (_, partition) =>
        store.list(partition, key, 0, limit - 1),
      ),
    )
    return pages
      .flat()
      .map((text) => JSON.parse(text) as BroadcastEntry)
      .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
      .slice(0, limit)
  }
}

/** What the trail says of a broadcast that was made. */
export function entryOf(
  { kind, event, channels }: NamedBroadcast,
  made: Pick<BroadcastEntry, 'id' | 'queue' | 'recorded_for' | 'source'>,
): Omit<BroadcastEntry, 'created_at'> {
  return { ...made, kind, event, channels, refused: null }
}
