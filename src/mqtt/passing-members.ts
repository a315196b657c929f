import type { Clock } from '../support/clock.ts'
import { insist } from '../support/insist.ts'
import type { Member } from './fleet-plan.ts'
import { type Lane, type LaneRoute, planLanes } from './lanes.ts'
import { isSame, type SlotClient, type SlotClients } from './slot-clients.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * The connections of all routes. Those that come and go have their own, so that
 * a change touches no other: they never reach topics of declared ones.
 */
export function allLanes(router: {
  readonly table: readonly LaneRoute[]
  readonly passing: readonly LaneRoute[]
}): readonly Lane[] {
  const passing = planLanes(router.passing)
  const named = passing.map((lane) => ({ ...lane, name: `passing-${lane.name}` }))
  return [...planLanes(router.table), ...named]
}

interface Changing {
  readonly members: readonly Subscriber[]
  readonly planned: readonly Member[]
  readonly clients: SlotClients
  readonly slot: number
  readonly make: (member: Member) => Subscriber
  readonly clock: Clock
  /** Whether the slot is not ours any more. */
  readonly isOver: () => boolean
}

/**
 * Makes the sessions of a slot what is planned: those that stay take other
 * filters, new ones connect, and those that are needed no more are given back,
 * disconnected. What each may hold is noted before it is asked for, and until it
 * was given up, so that whoever takes the slot over after a crash finds it.
 * `null`: the slot was lost meanwhile.
 */
export async function changeMembers(
  changing: Changing,
): Promise<{ members: readonly Subscriber[]; gone: readonly SlotClient[] } | null> {
  const { members, planned, clients, slot, make } = changing
  const known = await unlessLost(changing, async () => {
    const before = await clients.read(slot)
    await clients.write(slot, withEarlier(planned, before))
    return before
  })
  if (known === null) return null
  const running = new Map(members.map((member) => [member.clientId, member]))
  const next: Subscriber[] = []
  for (const member of planned) {
    const before = running.get(member.clientId)
    if (before === undefined) {
      const added = make(member)
      added.start()
      next.push(added)
      continue
    }
    const held = known.find(isSame(member))?.filters ?? []
    if (held.join() !== member.filters.join()) await before.change(member)
    next.push(before)
  }
  const kept = new Set(next)
  const left = members.filter((member) => !kept.has(member))
  await Promise.all(left.map((member) => member.stop(LEAVE_MS)))
  const others = known.filter((client) => !planned.some(isSame(client)))
  await unlessLost(changing, () => clients.write(slot, [...planned, ...others]))
  const gone = others.filter((client) => left.some(isSame(client)))
  return { members: next, gone }
}

const LEAVE_MS = 1000

/** `null`: the slot was lost while the store was away. */
function unlessLost<Result>(slot: Changing, work: () => Promise<Result>): Promise<Result | null> {
  return insist(work, slot).catch((error: unknown) => {
    if (slot.isOver()) return null
    throw error
  })
}

/** What is planned and what may still be subscribed from before. */
function withEarlier(planned: readonly Member[], known: readonly SlotClient[]): SlotClient[] {
  const merged = planned.map((member) => {
    const before = known.find(isSame(member))?.filters ?? []
    return { ...member, filters: [...new Set([...member.filters, ...before])] }
  })
  return [...merged, ...known.filter((client) => !planned.some(isSame(client)))]
}
