import { InvalidPayload } from '../../../support/errors.ts'
import { type ClientFrame, parseFrame } from '../native-frames.ts'

/** What clients say, and the command that it is: seed 004's words, Echo's, and those of the native protocol. */
const COMMANDS: Readonly<Record<string, ClientFrame['type']>> = {
  mark_read: 'read',
  mark_as_read: 'read',
  read: 'read',
  mark_all_read: 'read_all',
  mark_all_as_read: 'read_all',
  read_all: 'read_all',
  list: 'list',
  list_notifications: 'list',
  get_notifications: 'list',
  request_notifications: 'list',
  ping: 'ping',
  ack: 'ack',
  ack_alert: 'ack_alert',
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
  auth: 'auth',
}

/** The event under which an answer comes to those who gave no callback; others are not answered. */
export const ANSWERS: Partial<Record<ClientFrame['type'], string>> = {
  list: 'notifications_list',
  ping: 'pong',
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The command of a client's event. The argument is an object, or a bare id or
 * channel; `message {type, …}` carries the event's name inside. Throws
 * `InvalidPayload`.
 */
export function commandOf(event: string, [argument]: readonly unknown[]): ClientFrame {
  if (event === 'message' && isFields(argument) && typeof argument.type === 'string') {
    const { type, data, ...fields } = argument
    return commandOf(type as string, [isFields(data) ? { ...fields, ...data } : (data ?? fields)])
  }
  const type = Object.hasOwn(COMMANDS, event) ? COMMANDS[event] : undefined
  if (type === undefined) {
    throw new InvalidPayload(
      `There is no event ${event.slice(0, 100)}; say ${Object.keys(COMMANDS).join(', ')}.`,
    )
  }
  return parseFrame({ ...fieldsOf(argument), type })
}

function fieldsOf(argument: unknown): Fields {
  if (typeof argument === 'string') return { id: argument, channel: argument, token: argument }
  if (typeof argument === 'number') return { up_to: argument, id: String(argument) }
  if (!isFields(argument)) return {}
  const { notification_id, alert_id, id = notification_id ?? alert_id, ...rest } = argument
  return id === undefined ? rest : { ...rest, id: typeof id === 'number' ? String(id) : id }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
