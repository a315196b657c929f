import type { Principal } from '../context.ts'
import { Forbidden, InvalidPayload } from '../support/errors.ts'
import type { Application } from './application.ts'

/** Pusher's names, and what ids may hold besides (contract §3). */
const CHANNEL_NAME = /^[A-Za-z0-9_\-=@,.;:|~]{1,200}$/
const GUARDED = /^(private|presence)-/

/**
 * Whether a client may join: what the application's rules say, else public
 * channels are open and private and presence ones are not (contract §5).
 * Throws `InvalidPayload` for a name that cannot exist, or `Forbidden`.
 */
export async function assertMayJoin(
  application: Application,
  principal: Principal,
  channel: string,
): Promise<void> {
  if (!CHANNEL_NAME.test(channel)) {
    throw new InvalidPayload('A channel name has 1 to 200 letters, digits or _ - = @ , . ; : | ~')
  }
  const verdict = await application.authorizeChannel(principal, channel)
  if (verdict === null ? GUARDED.test(channel) : verdict === false) {
    throw new Forbidden(`You may not join the channel ${channel}.`)
  }
}
