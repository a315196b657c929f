import { isChannelName, readChannelName } from '../broadcasting/channel-name.ts'
import type { PresenceInfo } from '../broadcasting/channel-rules.ts'
import type { Principal } from '../context.ts'
import { Forbidden, InvalidPayload } from '../support/errors.ts'
import type { Application } from './application.ts'

/**
 * Whether a client may join: what the application's rules say, else public
 * channels are open and private and presence ones are not (contract §5). Answers
 * with what the others on a presence channel are shown of him. Throws
 * `InvalidPayload` for a name that cannot exist, or `Forbidden`.
 */
export async function assertMayJoin(
  application: Application,
  principal: Principal | null,
  channel: string,
): Promise<PresenceInfo> {
  if (!isChannelName(channel)) {
    throw new InvalidPayload('A channel name has 1 to 200 letters, digits or _ - = @ , . ; : | ~')
  }
  const verdict = await application.authorizeChannel(principal, channel)
  const isOpen = verdict === null ? readChannelName(channel).kind === 'public' : verdict !== false
  if (!isOpen) throw new Forbidden(`You may not join the channel ${channel}.`)
  return typeof verdict === 'object' && verdict !== null ? verdict : { id: principal?.id }
}
