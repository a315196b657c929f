import type { Principal } from '../../../context.ts'
import { Forbidden } from '../../../support/errors.ts'
import type { Application, Rooms } from '../../application.ts'
import { assertMayJoin } from '../../channel-access.ts'
import type { ChannelHistory } from '../../channel-history.ts'
import type { Places, Position } from '../../position.ts'

/** The channels that a client is put onto again. */
export interface Restored {
  readonly rooms: Rooms
  readonly places: Places
  /** Whether that is all of them, with everything that their histories should hold. */
  readonly isWhole: boolean
}

export const NOTHING: Restored = { rooms: {}, places: new Map(), isWhole: true }

/**
 * The channels that a session was on, as far as its user may still be there. From
 * those with a history it gets what came after the place that it `shows`, else
 * after the one where it joined: of an event that it got it would show the place.
 */
export async function restoreRooms(
  { application, history }: { application: Application; history: ChannelHistory },
  principal: Principal,
  { session, shows }: { readonly session: string; readonly shows: Places },
): Promise<Restored> {
  const kept = Object.entries(await application.sessions.roomsOf(principal.id, session))
  const rooms: Record<string, Position | null> = {}
  const places = new Map<string, Position>()
  let isWhole = true
  for (const [channel, joinedAt] of kept) {
    if (!(await mayJoin(application, principal, channel))) {
      isWhole = false
      continue
    }
    const place = joinedAt && (shows.get(channel) ?? joinedAt)
    rooms[channel] = place
    if (place === null) continue
    places.set(channel, place)
    isWhole &&= await history.holds(channel, place)
  }
  return { rooms, places, isWhole }
}

async function mayJoin(application: Application, principal: Principal, channel: string) {
  try {
    await assertMayJoin(application, principal, channel)
    return true
  } catch (error) {
    if (error instanceof Forbidden) return false
    throw error
  }
}
