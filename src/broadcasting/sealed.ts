import type { AppCredentials } from './app-credentials.ts'
import { readChannelName } from './channel-name.ts'

/** The data as they go out on this channel: sealed where it is an encrypted one. */
export function sealedFor(
  channel: string,
  data: string,
  credentials: () => Pick<AppCredentials, 'seal'>,
): string {
  return readChannelName(channel).kind === 'encrypted' ? credentials().seal(channel, data) : data
}
