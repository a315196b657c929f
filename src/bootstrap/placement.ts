import { Renamings } from '../store/sqlite/renamings.ts'
import type { StoredKey } from '../store/store.ts'
import { partitionOf } from '../support/ids.ts'
import { type Home, homeOf } from './homes.ts'
import { renamed, renameOwned } from './owners.ts'

/** In which partition of a store the keys of an export go. */
export interface Placement {
  /** Whether several partitions may hold a part of one key. */
  readonly isMerging: boolean
  /** Whether every key has to be shown to {@link note} before the first is placed. */
  readonly looksAhead: boolean
  note(key: StoredKey): void
  /** The key as it is written, in parts where it lies in several partitions. */
  place(key: StoredKey): readonly StoredKey[]
  close(): void
}

interface Partitions {
  readonly from: number
  readonly to: number
}

/** How an export of so many partitions goes into a store with others. */
export function placementFor({ from, to }: Partitions): Placement {
  if (from === to) return fixed((key) => key, false)
  if (to === 1) return fixed((key) => ({ ...key, partition: 0 }), true)
  return new Replacing({ from, to })
}

function fixed(place: (key: StoredKey) => StoredKey, isMerging: boolean): Placement {
  return { isMerging, looksAhead: false, note() {}, place: (key) => [place(key)], close() {} }
}

/**
 * Gives every key the partition that a store with so many would have put it in.
 * Ids that say in which partition their record lies are given the last digits
 * that say the right one, wherever they stand.
 */
class Replacing implements Placement {
  readonly isMerging: boolean
  readonly looksAhead = true
  readonly #partitions: number
  readonly #renamings = new Renamings()

  constructor({ from, to }: Partitions) {
    this.isMerging = from > 1
    this.#partitions = to
  }

  note(key: StoredKey): void {
    renameOwned(key, this.#partitions, this.#renamings)
  }

  place(key: StoredKey): readonly StoredKey[] {
    return atHome(renamed(key, this.#renamings), this.#partitions)
  }

  close(): void {
    this.#renamings.close()
  }
}

/** A key in the partition where it belongs; in parts, where its entries belong to several. */
export function atHome(key: StoredKey, partitions: number): readonly StoredKey[] {
  const home = homeOf(key)
  switch (home.kind) {
    case 'of':
      return [{ ...key, partition: partitionOf(home.name, partitions) }]
    case 'entries':
      return parted(key, home, partitions)
    case 'all':
      return Array.from({ length: partitions }, (_, partition) => ({ ...key, partition }))
    case 'first':
      return [{ ...key, partition: 0 }]
  }
}

function parted(
  key: StoredKey,
  { nameOf }: Home & { readonly kind: 'entries' },
  partitions: number,
): readonly StoredKey[] {
  const at = (entry: string) => partitionOf(nameOf(entry), partitions)
  if (key.kind === 'list' || key.kind === 'set') {
    const parts = Map.groupBy(key.value, at)
    return [...parts].map(([partition, value]) => ({ ...key, partition, value }))
  }
  if (key.kind !== 'zset') return [key]
  const parts = Map.groupBy(key.value, ([member]) => at(member))
  return [...parts].map(([partition, value]) => ({ ...key, partition, value }))
}
