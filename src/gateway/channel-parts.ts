import { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { ChannelNews } from './channel-news.ts'
import { Channels } from './channels.ts'
import { FleetNodes } from './fleet/fleet-nodes.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import { feedOpening, type Opening } from './opening.ts'
import { Outbound } from './outbound.ts'
import { PersonalFeeds } from './personal-feeds.ts'
import { MemberRecords, type Place } from './presence/member-records.ts'
import { Presence } from './presence/presence.ts'
import { PresenceWatch } from './presence/presence-watch.ts'
import type { RealtimeBus } from './realtime-bus.ts'
import { SubscriptionCounts } from './subscription-counts.ts'

interface Parts {
  /** Names this process. */
  readonly node: string
  readonly hub: Hub<Outbound, Receiver<Outbound>>
  readonly busOf: (scope: string) => RealtimeBus
  /** Never rejects. */
  readonly openFeed: (opening: Opening) => Promise<void>
  readonly store: Store
  readonly news?: ChannelNews | null
  readonly clock: Clock
  readonly log: Logger
}

export type ChannelParts = ReturnType<typeof assembleChannels>

/** Everything that broadcast channels of one process are made of, wired by hand. */
export function assembleChannels(parts: Parts) {
  const { node, hub, busOf, openFeed, store, news = null, clock, log } = parts
  const show = ({ scope, channel }: Place, user: string, info: string | null) => {
    const content = { kind: 'member', channel, user, joined: info !== null, data: info ?? '' }
    hub.broadcast(address(scope, channel), new Outbound(content as MemberContent))
  }
  const presence = new Presence({
    node,
    records: new MemberRecords(store, news),
    announce: ({ scope, channel }, { user, version, info }) =>
      busOf(scope).member(channel, user, version, info),
    show,
    log,
  })
  const counts = new SubscriptionCounts({
    node,
    hub,
    announce: ({ scope, channel }, count, asks) => busOf(scope).count(channel, node, count, asks),
    clock,
  })
  const feeds = new PersonalFeeds({
    hub,
    open: (owner, feed, protocol) => openFeed(feedOpening(owner, feed, protocol)),
    clock,
  })
  const watch = new PresenceWatch({
    node,
    nodes: new FleetNodes({ store, keys: new Keys() }),
    presence,
    onAlive: (nodes) => counts.keepOnly(nodes),
    clock,
    log,
  })
  return {
    presence,
    counts,
    feeds,
    watch,
    channels: new Channels({ hub, presence, feeds, counts, watchesOccupancy: news !== null }),
  }
}

type MemberContent = Extract<Outbound['content'], { kind: 'member' }>
