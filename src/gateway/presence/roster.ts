import type { Member } from './member-records.ts'

interface Known {
  info: string | null
  /** The change of the channel after which this was so. */
  version: number
}

/** A change that the clients here are to be told. */
export interface RosterNews {
  readonly user: string
  /** JSON; `null`: he left. */
  readonly info: string | null
}

/**
 * Who is on a presence channel, as one process knows it from numbered changes
 * that may come twice or out of order. It answers what is new to its clients,
 * so that what each of them was told always adds up to the same.
 */
export class Roster {
  readonly #known = new Map<string, Known>()
  /** All changes up to this one have been seen. */
  #base = 0
  readonly #ahead = new Set<number>()

  /** Members right now. */
  get members(): Member[] {
    const present: Member[] = []
    for (const [id, { info }] of this.#known) if (info !== null) present.push({ id, info })
    return present
  }

  /** Whether there are `most` members, and this is none of them. */
  isFull(most: number, user: string): boolean {
    if (this.#known.size < most) return false
    return (this.#known.get(user)?.info ?? null) === null && this.members.length >= most
  }

  /** Whether every change up to `version` has been seen, and none that the store does not know. */
  isAt(version: number): boolean {
    return this.#base === version && this.#ahead.size === 0
  }

  /** Whether the store has forgotten changes that were seen. */
  isAheadOf(version: number): boolean {
    return this.#base > version
  }

  /** One numbered change; answers whether it is news. */
  apply(user: string, info: string | null, version: number): boolean {
    this.#see(version)
    return this.note(user, info, version)
  }

  /** What was so after change `version`, which somebody else made. */
  note(user: string, info: string | null, version: number): boolean {
    const known = this.#known.get(user)
    if (known === undefined) {
      this.#known.set(user, { info, version })
      return info !== null
    }
    if (version < known.version || (version === known.version && known.info !== null)) return false
    const isNews = (known.info === null) !== (info === null)
    // He stays what the others were shown first.
    if (isNews) known.info = info
    known.version = version
    return isNews
  }

  /** What the store says, all changes up to `version` included. */
  load(members: readonly Member[], version: number): RosterNews[] {
    const present = new Map(members.map(({ id, info }) => [id, info]))
    if (this.isAheadOf(version)) for (const known of this.#known.values()) known.version = 0
    const news: RosterNews[] = []
    for (const [user, known] of this.#known) {
      if (present.has(user) || known.version > version) continue
      if (known.info !== null) news.push({ user, info: null })
      this.#known.delete(user)
    }
    for (const [user, info] of present) {
      if (this.note(user, info, version)) news.push({ user, info })
    }
    this.#base = version
    for (const seen of this.#ahead) if (seen <= version) this.#ahead.delete(seen)
    this.#settle()
    return news
  }

  /** Lets go of those who left, once nothing about them can still be on its way. */
  prune(): void {
    for (const [user, { info, version }] of this.#known) {
      if (info === null && version <= this.#base) this.#known.delete(user)
    }
  }

  #see(version: number): void {
    if (version <= this.#base) return
    this.#ahead.add(version)
    this.#settle()
  }

  #settle(): void {
    while (this.#ahead.delete(this.#base + 1)) this.#base += 1
  }
}
