import { readChannelName, userOfChannel } from '../broadcasting/channel-name.ts'
import { ownerOfChannel } from '../broadcasting/personal-channels.ts'
import { occupancyOf } from './channel-news.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import type { Outbound } from './outbound.ts'
import type { PersonalFeeds } from './personal-feeds.ts'
import type { Member, Place } from './presence/member-records.ts'
import type { Presence } from './presence/presence.ts'
import type { SubscriptionCounts } from './subscription-counts.ts'

/** A client on a channel, its right to be there proved. */
export interface Membership {
  readonly place: Place
  readonly client: Receiver<Outbound>
  /** Who it is to the others on a presence channel; `null` on any other. */
  readonly member: Member | null
  /** Whether it has no session: what its user is told comes over his own channels. */
  readonly needsFeed: boolean
}

export interface Joining extends Membership {
  /** Whether the client is still there. */
  readonly isOpen: () => boolean
}

interface Parts {
  readonly hub: Hub<Outbound, Receiver<Outbound>>
  readonly presence: Presence
  readonly feeds: PersonalFeeds
  readonly counts: SubscriptionCounts
  /** Whether the fleet keeps which channels have clients. */
  readonly watchesOccupancy: boolean
}

/** Clients on broadcast channels: everybody who must know of a coming or going is told here. */
export class Channels {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Puts a client onto a channel. Answers with who is there (nobody, unless it is
   * a presence channel), as of the moment from which on the client is told of
   * changes; `null` when it has gone meanwhile. Throws `Unavailable`.
   */
  async join(joining: Joining): Promise<readonly Member[] | null> {
    const { place, client, member, isOpen } = joining
    const { hub, presence, feeds } = this.#parts
    await this.#occupy(joining)
    if (member !== null) await presence.enter(place, client.id, member)
    const owner = ownerOf(joining)
    if (owner !== null) await feeds.watch(owner, watcherOf(joining))
    if (!isOpen()) {
      this.#withdraw(joining)
      return null
    }
    hub.subscribe(address(place.scope, place.channel), client)
    this.#recount(joining)
    return member === null ? [] : presence.here(place)
  }

  leave(joining: Membership): void {
    const { place, client } = joining
    this.#parts.hub.unsubscribe(address(place.scope, place.channel), client)
    this.#withdraw(joining)
    this.#recount(joining)
  }

  #withdraw(joining: Membership): void {
    const { place, client, member } = joining
    if (member !== null) this.#parts.presence.leave(place, client.id, member.id)
    if (this.#isWatched(joining)) {
      const { place: beside, member: all } = occupancyOf(place)
      this.#parts.presence.leave(beside, client.id, all.id)
    }
    const owner = ownerOf(joining)
    if (owner !== null) this.#parts.feeds.unwatch(owner, watcherOf(joining))
  }

  async #occupy(joining: Joining): Promise<void> {
    if (!this.#isWatched(joining)) return
    const { place, member } = occupancyOf(joining.place)
    await this.#parts.presence.enter(place, joining.client.id, member)
  }

  /** Channels that come by themselves are nobody's choice. */
  #isWatched({ place }: Membership): boolean {
    return this.#parts.watchesOccupancy && userOfChannel(place.channel) === null
  }

  /** After the client was told that it is there. */
  #recount({ place }: Membership): void {
    const isCounted =
      readChannelName(place.channel).kind !== 'presence' && ownerOfChannel(place.channel) === null
    if (isCounted) setImmediate(() => this.#parts.counts.changed(place))
  }
}

function watcherOf({ place, client }: Membership): string {
  return `${client.id} ${place.channel}`
}

/** Whose feed a client needs; `null`: none. */
function ownerOf({ place, needsFeed }: Membership) {
  const user = needsFeed ? ownerOfChannel(place.channel) : null
  return user === null ? null : { scope: place.scope, user }
}
