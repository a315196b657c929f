import type { Keys, Op, Store } from '../../src/index.ts'
import type { OwnDirectory } from './own-directory.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  /** Somebody else's list says more of people than is stored. */
  readonly own?: OwnDirectory | undefined
}

const canonical = new Map<string, string>()

/** The name by which a time zone is known once it is one; `null`: the machine knows none of it. */
export function canonicalZone(name: string | null): string | null {
  if (name === null) return null
  const known = canonical.get(name)
  if (known !== undefined) return known
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    canonical.set(name, timeZone)
    return timeZone
  } catch {
    return null
  }
}

/** By whose clocks people live: who belongs to which time zone, written with their profiles. */
export class TimeZones {
  readonly #store: Store
  readonly #keys: Keys
  /** Whether what is written says it of everybody. */
  readonly isComplete: boolean

  constructor({ store, keys, own }: Parts) {
    this.#store = store
    this.#keys = keys
    this.isComplete = own === undefined
  }

  /** What a change of somebody's time zone is in the write of his profile. */
  moveOps(id: string, before: string | null, after: string | null): Op[] {
    const [left, entered] = [canonicalZone(before), canonicalZone(after)]
    const ops: Op[] = []
    if (left !== null && left !== entered) {
      ops.push(['zrem', this.#keys.timezoneUsers(left), id])
    }
    if (entered !== null) {
      ops.push(['sadd', this.#keys.timezones(), entered])
      ops.push(['zadd', this.#keys.timezoneUsers(entered), 0, id])
    }
    return ops
  }

  /** Every zone that somebody may have. */
  async inUse(): Promise<string[]> {
    const others = this.isComplete ? [] : Intl.supportedValuesOf('timeZone')
    const all = await this.#each((partition) => {
      return this.#store.members(partition, this.#keys.timezones())
    })
    return [...new Set([...all.flat(), ...others])].sort()
  }

  /** Its people in one partition in order of id, from the first past `after`. */
  usersOf(zone: string, partition: number, after: string, limit: number): Promise<string[]> {
    return this.#store.rangeByName(partition, this.#keys.timezoneUsers(zone), after, limit)
  }

  /** How many live by one of these clocks. */
  async size(zones: readonly string[]): Promise<number> {
    const counts = await this.#each(async (partition) => {
      const names = zones.map((zone) => this.#keys.timezoneUsers(zone))
      return names.length === 0 ? [] : this.#store.countMany(partition, names)
    })
    return counts.flat().reduce((sum, count) => sum + count, 0)
  }

  #each<Found>(look: (partition: number) => Promise<Found>): Promise<Found[]> {
    return Promise.all(Array.from({ length: this.#store.partitions }, (_, n) => look(n)))
  }
}
