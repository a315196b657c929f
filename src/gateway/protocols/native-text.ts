import type { Content, Outbound } from '../outbound.ts'
import type { Member } from '../presence/member-records.ts'

type UserContent = Extract<Content, { kind: 'user' }>
type EventContent = Extract<Content, { kind: 'event' }>

/** What native clients, and event streams, are told: JSON text; `null`: nothing. */
export function nativeText(message: Outbound): string | null {
  const { content } = message
  switch (content.kind) {
    case 'user':
      return entryText(content, message.id)
    case 'event':
      return eventText(content)
    case 'member': {
      const { channel, user, joined, data } = content
      const member = joined ? memberText({ id: user, info: data }) : `{"user_id":${quote(user)}}`
      const event = joined ? 'presence:joining' : 'presence:leaving'
      return eventText({
        kind: 'event',
        channel,
        event,
        seq: 0,
        epoch: null,
        from: null,
        data: member,
      })
    }
    default:
      return null // Who has a session gets what is his from its queue.
  }
}

/** Who is on a presence channel that was just joined. */
export function presentText(channel: string, members: readonly Member[]): string {
  const data = `[${members.map(memberText).join(',')}]`
  const event = 'presence:subscribed'
  return eventText({ kind: 'event', channel, event, seq: 0, epoch: null, from: null, data })
}

function eventText({ channel, event, data, seq, epoch, from }: EventContent): string {
  const head = `{"type":"event","channel":${quote(channel)},"event":${quote(event)}`
  const sender = from === null ? '' : `,"user_id":${quote(from)}`
  const place = epoch === null ? '' : `,"epoch":${quote(epoch)}`
  return `${head},"data":${data},"seq":${seq}${place}${sender}}`
}

function memberText({ id, info }: Member): string {
  return `{"user_id":${quote(id)},"user_info":${info}}`
}

/** `data` is put in as it is: a record is serialised once, when it is stored. */
function entryText({ type, seq, data }: UserContent, id: string | null): string {
  const head = `"type":${quote(type)}${seq === 0 ? '' : `,"seq":${seq}`}`
  const named = id === null ? head : `${head},"id":${quote(id)}`
  switch (type) {
    case 'notification':
    case 'notification_updated':
      return `{${named},"notification":${data},"requires_ack":true}`
    case 'critical_alert':
      return `{${named},"alert":${data},"requires_acknowledgment":true}`
    case 'unread_count':
    case 'system':
      return `{${fieldsOf(data)}${head}}`
    default:
      return `{${named},"data":${data}}`
  }
}

/** The fields of a JSON object with a comma after them; the last of two equal names counts. */
function fieldsOf(object: string): string {
  const fields = object.startsWith('{') ? object.slice(1, -1) : `"count":${object}`
  return fields === '' ? '' : `${fields},`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
