import type { Outbound } from '../../outbound.ts'
import type { Member } from '../../presence/member-records.ts'

/** What Pusher clients are told, as the text of one frame; `null`: nothing. */
export function pusherText({ content }: Outbound): string | null {
  switch (content.kind) {
    case 'event':
      return eventText(content.channel, content.event, content.data, content.from)
    case 'personal':
      return eventText(content.channel, content.event, content.data)
    case 'member': {
      const { channel, user, joined, data } = content
      const event = `pusher_internal:member_${joined ? 'added' : 'removed'}`
      const info = joined ? `,"user_info":${data}` : ''
      return eventText(channel, event, `{"user_id":${quote(user)}${info}}`)
    }
    case 'count': {
      const data = `{"subscription_count":${content.count}}`
      return eventText(content.channel, 'pusher_internal:subscription_count', data)
    }
    default:
      return null
  }
}

/** An event on a channel; `data` is JSON text, and goes out as a string of that text. */
export function eventText(
  channel: string,
  event: string,
  data: string,
  from: string | null = null,
): string {
  const head = `{"event":${quote(event)},"channel":${quote(channel)},"data":${quote(data)}`
  return from === null ? `${head}}` : `${head},"user_id":${quote(from)}}`
}

export function establishedText(socketId: string, activityTimeoutSeconds: number): string {
  const data = { socket_id: socketId, activity_timeout: activityTimeoutSeconds }
  return controlText('pusher:connection_established', JSON.stringify(data))
}

export const PONG_TEXT = controlText('pusher:pong', '{}')

/** `members` of a presence channel; `null` on any other. */
export function subscribedText(channel: string, members: readonly Member[] | null): string {
  const data = members === null ? '{}' : presenceText(members)
  return eventText(channel, 'pusher_internal:subscription_succeeded', data)
}

export function cacheMissText(channel: string): string {
  return JSON.stringify({ event: 'pusher:cache_miss', channel, data: '{}' })
}

export function signedInText(userData: string): string {
  return controlText('pusher:signin_success', JSON.stringify({ user_data: userData }))
}

/** Why a client is not on a channel. */
export function subscriptionErrorText(
  channel: string,
  refusal: { readonly type: string; readonly error: string; readonly status: number },
): string {
  return eventText(channel, 'pusher:subscription_error', JSON.stringify(refusal))
}

/** The one event whose data is an object (protocol 7, "pusher:error"). */
export function errorText(code: number | null, message: string): string {
  return JSON.stringify({ event: 'pusher:error', data: { code, message } })
}

function presenceText(members: readonly Member[]): string {
  const ids = JSON.stringify(members.map(({ id }) => id))
  const hash = members.map(({ id, info }) => `${quote(id)}:${info}`).join(',')
  return `{"presence":{"count":${members.length},"ids":${ids},"hash":{${hash}}}}`
}

function controlText(event: string, data: string): string {
  return JSON.stringify({ event, data })
}

function quote(text: string): string {
  return JSON.stringify(text)
}
