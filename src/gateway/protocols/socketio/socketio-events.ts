import type { Content, Outbound } from '../../outbound.ts'
import type { Member } from '../../presence/member-records.ts'
import { eventFrame, type PacketFrame } from './packet.ts'

type EventContent = Extract<Content, { kind: 'event' }>

/** What entries of a session queue are called (seed 004), where that is not their type. */
const NAMES: Readonly<Record<string, string>> = {
  notification: 'notification_message',
  system: 'system_message',
}

/** Names that the library keeps for itself: nobody's event may be taken for one. */
const RESERVED = new Set([
  'connect',
  'connect_error',
  'connected',
  'disconnect',
  'disconnecting',
  'error',
  'newListener',
  'removeListener',
  ...Object.values(NAMES),
  'broadcast_message',
])

/**
 * What Socket.IO clients are told; `null`: nothing. `cursor`, as the last argument,
 * is what the library shows as its offset when it comes back.
 */
export function socketIoFrame(message: Outbound, cursor: string | null): PacketFrame | null {
  const { content } = message
  switch (content.kind) {
    case 'user':
      return entryFrame(content, cursor)
    case 'event':
      return channelFrame(content, cursor)
    case 'member': {
      const { channel, user, joined, data } = content
      const event = joined ? 'presence:joining' : 'presence:leaving'
      const member = joined ? memberText({ id: user, info: data }) : memberText({ id: user })
      return eventFrame(event, JSON.stringify(channel), member)
    }
    default:
      return null // Who has a session gets what is his from its queue.
  }
}

/** Who is on a presence channel that was just joined, in laravel-echo's words. */
export function presentFrame(channel: string, members: readonly Member[]): PacketFrame {
  const list = `[${members.map(memberText).join(',')}]`
  return eventFrame('presence:subscribed', JSON.stringify(channel), list)
}

function entryFrame(
  { type, data }: Extract<Content, { kind: 'user' }>,
  cursor: string | null,
): PacketFrame {
  const event = NAMES[type] ?? type
  return eventFrame(event, data, ...(cursor === null ? [] : [JSON.stringify(cursor)]))
}

function channelFrame(
  { channel, event, data, from, seq, epoch }: EventContent,
  cursor: string | null,
): PacketFrame {
  if (channel === 'broadcast' && event === 'broadcast_message') return eventFrame(event, data)
  if (channel === 'system-status' || channel === 'system-maintenance') {
    const head = `{"channel":${JSON.stringify(channel)},"event":${JSON.stringify(event)}`
    return eventFrame('system_message', `${head},"data":${data}}`)
  }
  const name = RESERVED.has(event) ? `${channel}:${event}` : event
  const about = {
    ...(from === null ? {} : { user_id: from }),
    ...(epoch === null ? {} : { seq, epoch }),
  }
  // Any other string at the end would be taken for the offset.
  const isNeeded = data[0] === '"' || from !== null || epoch !== null
  const ending = isNeeded ? [about, ...(cursor === null ? [] : [cursor])] : []
  const texts = ending.map((each) => JSON.stringify(each))
  return eventFrame(name, JSON.stringify(channel), data, ...texts)
}

function memberText({ id, info = '{}' }: { readonly id: string; readonly info?: string }): string {
  return `{"user_id":${JSON.stringify(id)},"user_info":${info}}`
}
