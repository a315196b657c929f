import { readChannelName } from '../../../broadcasting/channel-name.ts'
import type { PusherClient } from './pusher-client.ts'
import { PUSHER_CODE } from './pusher-codes.ts'
import type { PusherMessage } from './pusher-messages.ts'
import type { PusherParts } from './pusher-parts.ts'
import { errorText } from './pusher-text.ts'

const MOST_BYTES = 10_000

/**
 * Passes a client event on to the other members of its channel, on all processes;
 * only members of private and presence channels may send them (protocol 7,
 * "client events"), 10 a second, 10 kB each.
 */
export function whisper(
  { bus, clock, news = null }: Pick<PusherParts, 'bus' | 'clock' | 'news'>,
  client: PusherClient,
  { event, channel, data }: Extract<PusherMessage, { kind: 'client-event' }>,
): void {
  const { kind } = readChannelName(channel)
  const membership = client.membership(channel)
  const reject = (why: string) => client.say(errorText(PUSHER_CODE.clientEventRejected, why))
  if (!membership || (kind !== 'private' && kind !== 'presence')) {
    reject('Client events go to private and presence channels that you are on.')
    return
  }
  const text = JSON.stringify(data ?? null)
  if (Buffer.byteLength(text) > MOST_BYTES) {
    reject(`Client events have at most ${MOST_BYTES} bytes of data.`)
  } else if (client.mayWhisper(clock.now())) {
    const from = membership.member?.id ?? null
    bus.broadcast(channel, event, text, { except: client.id, from })
    const told = { channel, event, data: text, socket_id: client.id }
    news?.tell({ name: 'client_event', ...told, ...(from !== null && { user_id: from }) })
  } else {
    reject('You send more than 10 client events a second.')
  }
}
