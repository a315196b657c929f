import { z } from 'zod'
import { type Message, messageOf } from '../services/notification-record.ts'
import { channels, idempotencyKey, moment, priority, requiredText } from './fields.ts'

const MESSAGE_REQUIRED = 'Message is required'

const Action = z
  .object({
    type: z.enum(['view', 'http', 'mqtt', 'ack', 'reply']),
    label: z.string().min(1).max(80),
  })
  .catchall(z.unknown())

/** The fields of contract §3 that every message to people may have. */
const messageFields = {
  message: requiredText(MESSAGE_REQUIRED, 4000),
  title: z.string().min(1).max(200).default('Notification'),
  type: z.string().min(1).max(50).default('info'),
  priority: priority(),
  data: z.record(z.string(), z.unknown()).default({}),
  channels: channels(),
  actions: z.array(Action).max(3).default([]),
  send_at: moment().nullish(),
  expires_at: moment().nullish(),
  collapse_key: z.string().min(1).max(128).nullish(),
  idempotency_key: idempotencyKey(),
}

/** Fields that a publisher may always send; anything else he sends is kept in `data`. */
const ENVELOPE = ['token', 'reply_to', 'correlation_id', 'user_id', 'to']

/** A message to one person or a group. */
export const MessagePayload = keepUnknown(z.object(messageFields))

/** A message to everybody or to groups, with the seed's defaults for it. */
export const BroadcastPayload = keepUnknown(
  z.object({
    ...messageFields,
    title: z.string().min(1).max(200).default('System Notification'),
    type: z.string().min(1).max(50).default('system'),
    target_groups: z.array(z.string().min(1).max(128)).max(1000).default([]),
  }),
)

type Fields = z.output<z.ZodObject<typeof messageFields>>

/** Moves fields that nobody declared into `data`, where the seed would have them (contract §3). */
function keepUnknown<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const known = new Set([...Object.keys(schema.shape), ...ENVELOPE])
  return z.preprocess((input) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
    const unknown = Object.entries(input).filter(([name]) => !known.has(name))
    if (unknown.length === 0) return input
    const { data } = input as { data?: unknown }
    if (data !== undefined && !isRecord(data)) return input
    return { ...input, data: { ...Object.fromEntries(unknown), ...data } }
  }, schema)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** From the wire's names to ours. */
export function toMessage(payload: Fields): Message {
  return messageOf({
    message: payload.message,
    title: payload.title,
    type: payload.type,
    priority: payload.priority,
    data: payload.data,
    actions: payload.actions,
    channels: payload.channels,
    sendAt: payload.send_at ?? null,
    expiresAt: payload.expires_at ?? null,
    collapseKey: payload.collapse_key ?? null,
  })
}
