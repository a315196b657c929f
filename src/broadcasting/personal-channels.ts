import {
  escapeId,
  readChannelName,
  unescapeId,
  userChannel,
  userOfChannel,
} from './channel-name.ts'

const OF_NOTIFICATIONS = /^user\.(.+)\.notifications$/

/** The names that applications give to a user's own channel; more special ones first. */
const PATTERNS = [
  /^user\.notifications\.(.+)$/,
  OF_NOTIFICATIONS,
  /^user\.(.+)$/,
  /^App\.Models\.User\.(.+)$/,
]
const MAKE: readonly ((id: string) => string)[] = [
  (id) => `user.notifications.${id}`,
  (id) => `user.${id}.notifications`,
  (id) => `user.${id}`,
  (id) => `App.Models.User.${id}`,
]

/** Whose own channel it is, whatever its prefix; `null`: nobody's. */
export function ownerOfChannel(channel: string): string | null {
  const signedIn = userOfChannel(channel)
  if (signedIn !== null) return signedIn
  const { base, kind } = readChannelName(channel)
  if (kind !== 'private' && kind !== 'public') return null
  for (const pattern of PATTERNS) {
    const match = pattern.exec(base)
    if (match) return unescapeId(match[1]!)
  }
  return null
}

/** Whether an own channel is the one that seed 000 has for notifications alone, `user.{id}.notifications`. */
export function isOfNotifications(channel: string): boolean {
  return OF_NOTIFICATIONS.test(readChannelName(channel).base)
}

/**
 * All names of a user's own channels. A name that reads as somebody else's (ids
 * may hold dots) is left out: what it carried would reach him.
 */
export function channelsOfUser(user: string): string[] {
  const bases = [...new Set([user, escapeId(user)])].flatMap((id) => MAKE.map((make) => make(id)))
  const names = bases.flatMap((base) => [`private-${base}`, base])
  return [userChannel(user), ...names].filter((name) => ownerOfChannel(name) === user)
}
