import { Forbidden } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import { address } from '../hub.ts'
import type { Member, MemberChange, MemberRecords, Place } from './member-records.ts'
import { Roster } from './roster.ts'

/** Everybody is shown everybody: what that costs grows with the square of the members. */
const MOST_MEMBERS = 1000

/** A member of a channel who has clients on this process, or had a moment ago. */
interface Local {
  readonly info: string
  readonly clients: Set<string>
  /** Whether the store says that he is here. */
  isStored: boolean
  settling: Promise<void> | null
}

interface Room {
  readonly place: Place
  readonly roster: Roster
  readonly locals: Map<string, Local>
  /** Whether the roster has been read from the store. */
  isLoaded: boolean
  loading: Promise<void> | null
}

export interface PresenceParts {
  /** Names this process. */
  readonly node: string
  readonly records: MemberRecords
  /** Tells every process that who is there has changed. */
  readonly announce: (place: Place, change: Announced) => void
  /** Tells the clients of this process. */
  readonly show: (place: Place, user: string, info: string | null) => void
  readonly log: Logger
}

export interface Announced {
  readonly user: string
  readonly version: number
  /** JSON; `null`: he left. */
  readonly info: string | null
}

/**
 * Who is on presence channels, over all processes: somebody comes with his first
 * client in the fleet and leaves with his last. The store holds the truth, each
 * process a roster of the channels that its clients are on.
 */
export class Presence {
  readonly #parts: PresenceParts
  readonly #rooms = new Map<string, Room>()

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** Channels that clients of this process are on. */
  get size(): number {
    return this.#rooms.size
  }

  /**
   * A client comes; resolves when the fleet knows, and `here` is right. Throws
   * `Forbidden` where there are 1000 already, or `Unavailable`.
   */
  async enter(place: Place, client: string, member: Member): Promise<void> {
    const room = this.#open(place)
    const local = room.locals.get(member.id) ?? newLocal(member.info)
    room.locals.set(member.id, local)
    local.clients.add(client)
    try {
      await this.#loaded(room)
      if (room.roster.isFull(MOST_MEMBERS, member.id)) throw new Forbidden('The channel is full.')
      await this.#settle(room, member.id)
    } catch (error) {
      this.leave(place, client, member.id)
      throw error
    }
  }

  /** A client goes, or did not come after all. */
  leave(place: Place, client: string, user: string): void {
    const room = this.#rooms.get(nameOf(place))
    const local = room?.locals.get(user)
    if (!room || !local?.clients.delete(client)) return
    this.#settle(room, user).catch((error: unknown) => {
      this.#parts.log.debug({ err: error }, 'a member could not be taken out; it is tried again')
    })
  }

  here(place: Place): Member[] {
    return this.#rooms.get(nameOf(place))?.roster.members ?? []
  }

  /** A change that another process, or this one, told of. */
  onMember(place: Place, { user, version, info }: Announced): void {
    const room = this.#rooms.get(nameOf(place))
    if (room?.roster.apply(user, info, version)) this.#parts.show(place, user, info)
  }

  /** Writes again what this process holds, in case the store or the others have lost it. */
  async assert(): Promise<void> {
    for (const room of this.#rooms.values()) {
      const here = [...room.locals].filter(([, local]) => local.clients.size > 0)
      for (const [, local] of here) local.isStored = false
      await Promise.all(here.map(([user]) => this.#settle(room, user)))
    }
  }

  /** Reads again every roster that has missed a change; with `all`, every one. */
  async compare(all: boolean): Promise<void> {
    const rooms = [...this.#rooms.values()]
    if (rooms.length === 0) return
    const { records } = this.#parts
    const versions = await records.versions(rooms.map(({ place }) => place))
    for (const [index, room] of rooms.entries()) {
      const isComplete = room.roster.isAt(versions[index] ?? 0)
      if (all || !isComplete) await this.#load(room)
      else room.roster.prune()
      await this.#retry(room)
    }
  }

  /** Takes out whatever a process that has ended without a word still holds. */
  async bury(node: string): Promise<void> {
    const { records, announce } = this.#parts
    for (const { place, user } of await records.heldBy(node)) {
      const change = await records.remove(place, node, user)
      if (!change.isNews) continue
      this.onMember(place, { user, version: change.version, info: null })
      announce(place, { user, version: change.version, info: null })
    }
  }

  /** Waits for whatever is being written. */
  async drain(): Promise<void> {
    const rooms = [...this.#rooms.values()]
    const locals = rooms.flatMap((room) => [...room.locals.values()])
    await Promise.allSettled(locals.flatMap(({ settling }) => settling ?? []))
  }

  #open(place: Place): Room {
    const name = nameOf(place)
    const known = this.#rooms.get(name)
    if (known) return known
    const locals = new Map<string, Local>()
    const room = { place, roster: new Roster(), locals, isLoaded: false, loading: null }
    this.#rooms.set(name, room)
    return room
  }

  #loaded(room: Room): Promise<void> {
    if (room.isLoaded) return Promise.resolve()
    room.loading ??= this.#load(room).finally(() => {
      room.loading = null
    })
    return room.loading
  }

  async #load(room: Room): Promise<void> {
    const { version, members } = await this.#parts.records.read(room.place)
    room.isLoaded = true
    for (const { user, info } of room.roster.load(members, version)) {
      this.#parts.show(room.place, user, info)
    }
  }

  /** Writes that failed before. */
  async #retry(room: Room): Promise<void> {
    for (const [user, local] of room.locals) if (!isRight(local)) await this.#settle(room, user)
  }

  /** Brings the store to what is so here: one write at a time for each member. */
  async #settle(room: Room, user: string): Promise<void> {
    const local = room.locals.get(user)
    if (!local) return
    do {
      local.settling ??= this.#write(room, user, local).finally(() => {
        local.settling = null
      })
      await local.settling
    } while (!isRight(local))
    this.#tidy(room, user, local)
  }

  async #write(room: Room, user: string, local: Local): Promise<void> {
    const { records, node } = this.#parts
    while (!isRight(local)) {
      const comes = local.clients.size > 0
      const change = comes
        ? await records.add(room.place, node, { id: user, info: local.info })
        : await records.remove(room.place, node, user)
      local.isStored = comes
      this.#apply(room, user, change, comes)
    }
  }

  #apply(room: Room, user: string, { version, isNews, info }: MemberChange, comes: boolean): void {
    const { announce, show } = this.#parts
    const now = comes ? info : null
    if (isNews) {
      if (room.roster.apply(user, now, version)) show(room.place, user, now)
      announce(room.place, { user, version, info: now })
    } else if (comes && room.roster.note(user, info, version)) {
      show(room.place, user, info)
    }
  }

  #tidy(room: Room, user: string, local: Local): void {
    if (local.clients.size > 0 || local.isStored) return
    if (room.locals.get(user) === local) room.locals.delete(user)
    const name = nameOf(room.place)
    if (room.locals.size === 0 && this.#rooms.get(name) === room) this.#rooms.delete(name)
  }
}

/** Whether the store says of him what is so. */
function isRight({ isStored, clients }: Local): boolean {
  return isStored === clients.size > 0
}

function newLocal(info: string): Local {
  return { info, clients: new Set(), isStored: false, settling: null }
}

function nameOf({ scope, channel }: Place): string {
  return address(scope, channel)
}
