import { userOfChannel } from '../broadcasting/channel-name.ts'
import type { ChannelCounts, ChannelQuestion } from './fleet/fleet-questions.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import type { Outbound } from './outbound.ts'

/** How many clients of this process are on the channels that a question is about; users' own aside. */
export function countChannels(
  hub: Hub<Outbound, Receiver<Outbound>>,
  { scope, prefix, exact }: Omit<ChannelQuestion, 'about'>,
): ChannelCounts {
  const start = address(scope, '')
  const name = address(scope, prefix)
  if (exact) return hub.countOn(name) === 0 ? {} : { [prefix]: hub.countOn(name) }
  const counts: Record<string, number> = {}
  for (const [channel, count] of hub.channels()) {
    const own = channel.slice(start.length)
    const isListed = userOfChannel(own) === null && !own.includes('/')
    if (isListed && channel.startsWith(name)) counts[own] = count
  }
  return counts
}
