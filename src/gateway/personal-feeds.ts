import { channelsOfUser } from '../broadcasting/personal-channels.ts'
import { personalEvents } from '../broadcasting/personal-events.ts'
import type { Clock } from '../support/clock.ts'
import { Feed, FeedProtocol } from './feed.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import { Outbound } from './outbound.ts'

const PROVE_MS = 25_000
const RETRY_MS = 1000

interface Owner {
  readonly scope: string
  readonly user: string
}

interface Parts {
  readonly hub: Hub<Outbound, Receiver<Outbound>>
  /** Starts a session for a feed; never rejects. */
  readonly open: (owner: Owner, feed: Feed, protocol: FeedProtocol) => Promise<void>
  readonly clock: Clock
}

interface Watched {
  readonly watchers: Set<string>
  feed: Feed
  opened: Promise<void>
}

/**
 * Brings what users are told to the personal channels that clients without a
 * session are on (Pusher protocol). A user who is watched on this process has one
 * session here, with a queue as any other: what the bus loses is found there.
 */
export class PersonalFeeds {
  readonly #parts: Parts
  readonly #protocol = new FeedProtocol()
  readonly #watched = new Map<string, Watched>()
  readonly #stop: () => void
  #isStopping = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#stop = parts.clock.every(PROVE_MS, () => {
      for (const { feed } of this.#watched.values()) feed.prove()
    })
  }

  /** Resolves once nothing that the user is told is missed any more by `watcher`. */
  watch(owner: Owner, watcher: string): Promise<void> {
    const name = address(owner.scope, owner.user)
    const watched = this.#watched.get(name) ?? this.#begin(owner)
    this.#watched.set(name, watched)
    watched.watchers.add(watcher)
    return watched.opened
  }

  unwatch(owner: Owner, watcher: string): void {
    const name = address(owner.scope, owner.user)
    const watched = this.#watched.get(name)
    if (!watched?.watchers.delete(watcher) || watched.watchers.size > 0) return
    this.#watched.delete(name)
    watched.feed.terminate()
  }

  stop(): void {
    this.#isStopping = true
    this.#stop()
    for (const { feed } of this.#watched.values()) feed.terminate()
    this.#watched.clear()
  }

  #begin(owner: Owner): Watched {
    const feed = this.#makeFeed(owner)
    return { watchers: new Set(), feed, opened: this.#parts.open(owner, feed, this.#protocol) }
  }

  #makeFeed(owner: Owner): Feed {
    return new Feed({
      show: (message) => this.#show(owner, message),
      onEnded: () => this.#onEnded(owner),
    })
  }

  /** A feed that ended while somebody watches (the store was away) is begun again. */
  #onEnded(owner: Owner): void {
    this.#parts.clock.after(RETRY_MS, () => {
      const watched = this.#watched.get(address(owner.scope, owner.user))
      if (this.#isStopping || !watched || watched.feed.isOpen) return
      watched.feed = this.#makeFeed(owner)
      watched.opened = this.#parts.open(owner, watched.feed, this.#protocol)
    })
  }

  #show({ scope, user }: Owner, { content }: Outbound): void {
    if (content.kind !== 'user') return
    const { type, data } = content
    for (const channel of channelsOfUser(user)) {
      const name = address(scope, channel)
      if (this.#parts.hub.countOn(name) === 0) continue
      for (const told of personalEvents(channel, type, data)) {
        this.#parts.hub.broadcast(name, new Outbound({ kind: 'personal', channel, ...told }))
      }
    }
  }
}
