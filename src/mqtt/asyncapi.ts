import { type ZodType, z } from 'zod'
import type { RouteDescription } from './router.ts'

type Json = Record<string, unknown>

interface Info {
  readonly title: string
  readonly version: string
  readonly description: string
}

const REPLY = {
  title: 'Reply',
  description:
    'What the handler answers, or the envelope of a refusal, on the response topic (MQTT 5) or on `reply_to` (3.1.1), both below `notifications/replies/`.',
  payload: {
    type: 'object',
    properties: {
      status: { type: 'string' },
      correlation_id: {},
      error: {
        type: 'object',
        properties: { code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
}

/** The MQTT routes as an AsyncAPI 3.0 document, made from the schemas that validate. */
export function asyncApiOf(
  routes: readonly RouteDescription[],
  info: Info,
  server: { readonly host: string; readonly protocol: string },
): Json {
  const channels: Json = {}
  const operations: Json = {}
  for (const route of routes) {
    const id = idOf(route.pattern)
    channels[id] = channelOf(route, id)
    operations[`receive_${id}`] = {
      action: 'receive',
      channel: { $ref: `#/channels/${id}` },
      bindings: { mqtt: { qos: route.qos, bindingVersion: '0.2.0' } },
      reply: {
        address: { location: '$message.payload#/reply_to' },
        channel: { $ref: '#/channels/replies' },
      },
    }
  }
  channels.replies = { address: null, messages: { reply: { $ref: '#/components/messages/reply' } } }
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/json',
    servers: { broker: server },
    channels,
    operations,
    components: { messages: { reply: REPLY } },
  }
}

function channelOf({ pattern, payload, text }: RouteDescription, id: string): Json {
  const names = [...pattern.matchAll(/\{(\w+)(?::\w+)?\*?\}/g)].map(([, name]) => String(name))
  return {
    address: pattern.replace(/\{(\w+)(?::\w+)?\*?\}/g, '{$1}'),
    ...(names.length > 0
      ? { parameters: Object.fromEntries(names.map((name) => [name, { description: name }])) }
      : {}),
    messages: {
      [id]: {
        name: id,
        contentType: 'application/json',
        payload: payload === null ? { type: 'object' } : schemaOf(payload),
        ...(text ? { description: 'Plain text is taken as `message`.' } : {}),
      },
    },
  }
}

function schemaOf(schema: ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

/** `notifications/email/send` → `notifications_email_send`. */
function idOf(pattern: string): string {
  return pattern.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '')
}
