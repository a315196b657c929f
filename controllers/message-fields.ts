import { z } from 'zod'
import {
  DigestField,
  FallbackField,
  RequireAckField,
  ThrottleField,
} from '../services/flows/flow-fields.ts'
import { type Message, messageOf } from '../services/notifications/notification-record.ts'
import { isRecord, withoutNulls } from './as-written.ts'
import { channels, idempotencyKey, moment, priority, requiredText } from './fields.ts'
import { momentFields, whenOf } from './moment-fields.ts'
import { channelTexts } from './text-fields.ts'

const MOST_ACTION_CHARACTERS = 8192
const MESSAGE_REQUIRED = 'Message is required'

const Action = z
  .object({
    type: z.enum(['view', 'http', 'mqtt', 'ack', 'reply']),
    label: z.string().min(1).max(80),
  })
  .catchall(z.unknown())
  .superRefine((action, check) => {
    const needs = { view: 'url', http: 'url', mqtt: 'topic', ack: null, reply: null }[action.type]
    const given = needs === null ? 'none' : action[needs]
    if (needs !== null && (typeof given !== 'string' || given === '')) {
      check.addIssue({
        code: 'custom',
        path: [needs],
        message: `an action ${action.type} takes ${needs}`,
      })
    }
    if (JSON.stringify(action).length > MOST_ACTION_CHARACTERS) {
      check.addIssue({ code: 'custom', message: `at most ${MOST_ACTION_CHARACTERS} characters` })
    }
  })

/** At most three things that people can do about a notification. */
export function actionList() {
  return z.array(Action).max(3)
}

/** The fields of contract §3 that every message to people may have. */
export const messageFields = {
  message: requiredText(MESSAGE_REQUIRED, 4000),
  title: z.string().min(1).max(200).default('Notification'),
  type: type('info'),
  priority: priority(),
  data: z.record(z.string(), z.unknown()).default({}),
  channels: channels(),
  template: z.string().min(1).max(100).nullish(),
  params: z.record(z.string(), z.unknown()).default({}),
  actions: actionList().default([]),
  texts: channelTexts().default({}),
  expires_at: moment().nullish(),
  collapse_key: z.string().min(1).max(128).nullish(),
  idempotency_key: idempotencyKey(),
  digest: DigestField.nullish(),
  throttle: ThrottleField.nullish(),
  fallback: FallbackField.nullish(),
  require_ack: RequireAckField.nullish(),
  tags: z.array(z.string().min(1).max(64)).max(10).default([]),
  thread: z.string().min(1).max(128).nullish(),
  ...momentFields,
}

/** Fields that a publisher may always send; anything else he sends is kept in `data`. */
const ENVELOPE = ['token', 'reply_to', 'correlation_id', 'user_id', 'to']

/** A message to one person or a group. */
export const MessagePayload = fromWire(z.object(messageFields))

/** What a message to everybody or to groups has, with the seed's defaults for it. */
export const broadcastFields = {
  ...messageFields,
  title: z.string().min(1).max(200).default('System Notification'),
  type: type('system'),
  target_groups: z.array(z.string().min(1).max(128)).max(1000).default([]),
}

/** A message to everybody or to groups. */
export const BroadcastPayload = fromWire(z.object(broadcastFields))

type Fields = z.output<z.ZodObject<typeof messageFields>>

/** Read in time: whether the publisher said the type himself decides if a template may. */
function type(usual: string) {
  return z
    .string()
    .min(1)
    .max(50)
    .optional()
    .transform((given) => ({ type: given ?? usual, isGiven: given !== undefined }))
    .meta({ default: usual })
}

/** What a publisher wrote, as a schema takes it: with what nobody declared in `data`. */
export function fromWire<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const known = new Set([...Object.keys(schema.shape), ...ENVELOPE])
  return z.preprocess((input) => {
    if (!isRecord(input)) return input
    const said = withoutNulls(input, (name) => known.has(name))
    return withWords(keepUnknown(said, known))
  }, schema)
}

/** Moves fields that nobody declared into `data`, where the seed would have them (contract §3). */
function keepUnknown(input: Readonly<Record<string, unknown>>, known: ReadonlySet<string>) {
  const unknown = Object.entries(input).filter(([name]) => !known.has(name))
  const { data } = input
  if (unknown.length === 0 || (data !== undefined && !isRecord(data))) return input
  return { ...input, data: { ...Object.fromEntries(unknown), ...data } }
}

/** A message whose words come from a template goes by its name until it has them. */
function withWords(input: Readonly<Record<string, unknown>>) {
  const { template, message } = input
  return typeof template === 'string' && message == null ? { ...input, message: template } : input
}

/** From the wire's names to ours. */
export function toMessage(payload: Fields, receivedAt: number): Message {
  const { sendAt, localAt } = whenOf(payload, receivedAt)
  return messageOf({
    message: payload.message,
    title: payload.title,
    type: payload.type.type,
    priority: payload.priority,
    data: payload.data,
    actions: payload.actions,
    texts: payload.texts,
    channels: payload.channels,
    ...{ sendAt, localAt },
    expiresAt: payload.expires_at ?? null,
    digest: payload.digest ?? null,
    throttle: payload.throttle ?? null,
    fallback: payload.fallback ?? null,
    requireAck: payload.require_ack ?? null,
    tags: payload.tags,
    thread: payload.thread ?? null,
    collapseKey: payload.collapse_key ?? null,
    template:
      payload.template == null
        ? null
        : { name: payload.template, params: payload.params, keepsType: payload.type.isGiven },
  })
}
