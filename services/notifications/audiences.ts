import type { Store } from '../../src/index.ts'
import type { Directory } from '../directory/directory.ts'
import type { Memberships } from '../directory/memberships.ts'
import { canonicalZone } from '../directory/time-zones.ts'
import type { Audience } from './broadcast-record.ts'

const CHUNK = 500

/** Where a walk over an audience goes on. */
export interface Cursor {
  /** Which time zone's people, where only those of some are meant. Default: the first. */
  readonly zone?: number
  readonly partition: number
  /** The last user of the chunk before. */
  readonly after: string
  /** How many chunks lie before this one. Absent: nobody counted. */
  readonly chunk?: number
  /** The last user of this chunk, once that is settled. */
  readonly upTo?: string
}

export const START: Cursor = { partition: 0, after: '', chunk: 0 }

interface Chunk {
  readonly users: readonly string[]
  /** Where this chunk begins and ends: from here the walk comes to nobody else. */
  readonly here: Cursor
  /** Where to go on; `null`: they were the last. */
  readonly next: Cursor | null
}

/** The next people of an audience. */
type Walk = (from: Cursor) => Promise<Chunk>

interface Parts {
  readonly store: Store
  readonly directory: Directory
  readonly memberships: Memberships
}

/** Who belongs to an audience. */
export class Audiences {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** How many it is; of somebody else's list at most so many. */
  async size(audience: Audience): Promise<number> {
    const { directory } = this.#parts
    if (!audience.everybody) {
      return (await this.withTimes(await this.#named(audience), audience)).length
    }
    const { clocks } = audience
    if (clocks === undefined || !directory.timeZones.isComplete) return directory.size()
    const { '': others, ...zones } = clocks
    const theirs = await directory.timeZones.size(Object.keys(zones))
    if (others === undefined) return theirs
    const all = await directory.timeZones.size(await directory.timeZones.inUse())
    return theirs + (await directory.size()) - all
  }

  /**
   * A walk in chunks, in an order that does not change: by id where people are named,
   * else partition by partition. It may bring people whose clock shows another time.
   */
  async walk(audience: Audience): Promise<Walk> {
    if (audience.everybody) return this.#walkAll(this.#zonesOf(audience))
    const named = await this.#named(audience)
    return async (from) => {
      const found = named.filter((id) => id > from.after).slice(0, CHUNK)
      return chunkOf(found, from, () => null)
    }
  }

  /** Whoever of these is meant, each with the time by his clock; `null`: whatever it shows. */
  async withTimes(
    users: readonly string[],
    { clocks }: Audience,
  ): Promise<(readonly [user: string, time: string | null])[]> {
    if (clocks === undefined) return users.map((user) => [user, null])
    const { directory } = this.#parts
    const recipients = await Promise.all(users.map((user) => directory.recipient(user)))
    return recipients.flatMap(({ user }) => {
      const time = clocks[canonicalZone(user.timezone) ?? '']
      return time === undefined ? [] : [[user.id, time] as const]
    })
  }

  /** Whose lists are walked; `null`: everybody's. Who has no zone is on no list of one. */
  #zonesOf({ clocks }: Audience): readonly string[] | null {
    const isOnLists = this.#parts.directory.timeZones.isComplete
    if (clocks === undefined || clocks[''] !== undefined || !isOnLists) return null
    return Object.keys(clocks).sort()
  }

  #walkAll(zones: readonly string[] | null): Walk {
    const { store, directory } = this.#parts
    return async (from) => {
      const { zone = 0, partition, after } = from
      const name = zones?.[zone]
      const found =
        name === undefined
          ? await directory.usersOf(partition, after, CHUNK)
          : await directory.timeZones.usersOf(name, partition, after, CHUNK)
      return chunkOf(found, from, () => {
        if (partition + 1 < store.partitions) return { zone, partition: partition + 1, after: '' }
        const more = zones !== null && zone + 1 < zones.length
        return more ? { zone: zone + 1, partition: 0, after: '' } : null
      })
    }
  }

  /** Everybody that an audience names, once each, in order of id. */
  async #named({ users, groups, roles }: Audience): Promise<string[]> {
    const { memberships } = this.#parts
    const sets = await Promise.all([
      ...groups.map((group) => memberships.groupMembers(group)),
      ...roles.map((role) => memberships.roleMembers(role)),
    ])
    return [...new Set([...users, ...sets.flat()])].sort()
  }
}

/**
 * A chunk of whoever was found. One that was settled before keeps its end, whoever has
 * come meanwhile; `end` says where to go on after the last of a list.
 */
function chunkOf(found: readonly string[], from: Cursor, end: () => Cursor | null): Chunk {
  const { upTo, chunk, ...list } = from
  const users = upTo === undefined ? found : found.filter((id) => id <= upTo)
  const last = users.at(-1) ?? list.after
  const here = { ...from, upTo: upTo ?? last }
  if (users.length === CHUNK && last < here.upTo)
    return { users, here, next: { ...from, after: last } }
  const isMore = found.length === CHUNK || users.length < found.length
  const next = isMore ? { ...list, after: here.upTo } : end()
  const number = chunk === undefined ? {} : { chunk: chunk + 1 }
  return { users, here, next: next && { ...next, ...number } }
}
