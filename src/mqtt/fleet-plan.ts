import type { Lane } from './lanes.ts'
import type { SlotClient } from './slot-clients.ts'
import type { Subscription } from './subscriber.ts'

/** How lanes become sessions at the broker. */
export interface Naming {
  readonly clientId: string
  readonly group: string
  /** As it stands before topics. */
  readonly prefix: string
}

/** One session of a slot, and what it is for. */
export interface Member extends SlotClient {
  readonly subscriptions: readonly Subscription[]
  /** The only patterns that it handles; `null`: any. */
  readonly only: ReadonlySet<string> | null
}

/** The sessions of one slot: `<clientId>-<slot>-<lane>-<n>`. */
export function planMembers(lanes: readonly Lane[], slot: number, naming: Naming): Member[] {
  return lanes.flatMap((lane) => {
    const subscriptions = lane.filters.map(({ filter, qos }) => ({
      filter: `$share/${naming.group}/${naming.prefix}${filter}`,
      qos,
    }))
    return Array.from({ length: lane.connections }, (_, index) => ({
      clientId: `${naming.clientId}-${slot}-${lane.name}-${index + 1}`,
      filters: subscriptions.map(({ filter }) => filter),
      overlaps: lane.overlaps,
      subscriptions,
      only: lane.overlaps ? new Set(lane.patterns) : null,
    }))
  })
}

/**
 * A session that somebody left, perhaps with other routes than ours: it is
 * emptied, not subscribed. Of overlapping filters each message waits in several
 * sessions; it is handled from the one that is for it, as far as our routes
 * tell. Where they do not, rather twice than never.
 */
export function inherit(client: SlotClient, ours: readonly Member[]): Member {
  const twins = ours.filter(({ filters }) => filters.some((each) => client.filters.includes(each)))
  const patterns = twins.flatMap(({ only }) => [...(only ?? [])])
  const isKnown = client.overlaps && patterns.length > 0
  return { ...client, subscriptions: [], only: isKnown ? new Set(patterns) : null }
}
