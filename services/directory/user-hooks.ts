import { addressFor, type ChannelName } from '../deliveries/channel-policy.ts'
import type { Hook } from '../deliveries/hook-state.ts'
import type { UserRecord } from './user-record.ts'

/** Channels whose address is a URL that the user brings. */
export const HOOK_CHANNELS = ['slack', 'discord', 'webhook'] as const satisfies ChannelName[]

/** The hooks that a user has now. */
export function hooksOf(user: UserRecord): Hook[] {
  return HOOK_CHANNELS.flatMap((channel) => {
    const url = addressFor(channel, user)
    return url === null ? [] : [{ userId: user.id, channel, url }]
  })
}
