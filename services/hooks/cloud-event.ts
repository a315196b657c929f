import { createHash } from 'node:crypto'
import { z } from 'zod'
import { InvalidPayload, isEventName, validate } from '../../src/index.ts'
import type { Identity } from '../notifications/acceptance.ts'

const MOST_EVENTS = 1000

/** Attributes of CloudEvents 1.0 that we look at; further ones are extensions and stay. */
const Envelope = z
  .object({
    specversion: z.literal('1.0', { error: 'must be 1.0' }),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(1024),
    type: z.string().min(1).max(128),
    subject: z.string().max(1024).optional(),
    time: z.string().max(64).optional(),
    datacontenttype: z.string().max(128).optional(),
    data: z.unknown().optional(),
    data_base64: z.string().optional(),
  })
  .loose()

/** One event of somebody else's. */
export interface CloudEvent {
  readonly type: string
  /** Source and id: together they are an event's identity (CloudEvents 1.0 §3.1). */
  readonly key: string
  readonly payload: Readonly<Record<string, unknown>>
}

interface Arrived {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly payload: unknown
}

/** Events as HTTP carries them: binary (`ce-…` headers), structured, or a batch. Throws `InvalidPayload`. */
export function cloudEventsOf({ headers, payload }: Arrived): readonly CloudEvent[] {
  if (headers['ce-specversion'] !== undefined) return [eventOf(binaryOf(headers, payload))]
  if (!Array.isArray(payload)) return [eventOf(payload)]
  if (payload.length > MOST_EVENTS) {
    throw new InvalidPayload(`A batch has at most ${MOST_EVENTS} events.`)
  }
  return payload.map(eventOf)
}

/** What a payload holds that is a CloudEvent in structured mode; `null`: it is none. Throws `InvalidPayload`. */
export function cloudEventIn(payload: Readonly<Record<string, unknown>>): CloudEvent | null {
  const isOne = ['specversion', 'id', 'source', 'type'].every((name) => name in payload)
  return isOne ? eventOf(payload) : null
}

/** The same CloudEvent is one event, by whatever door and however often it comes. */
export function identityOfCloudEvent({ key, payload }: CloudEvent, identity: Identity): Identity {
  const digest = createHash('sha256').update(JSON.stringify(payload)).digest('base64url')
  return { ...identity, idempotencyKey: key, digest: digest.slice(0, 16), target: 'cloudevents' }
}

function binaryOf(headers: Arrived['headers'], data: unknown): Record<string, unknown> {
  const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-'))
  return {
    ...Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), decoded(value)])),
    data,
  }
}

/** Header values are percent-encoded (HTTP protocol binding §3.1.3.2). */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // Not encoded at all.
  }
}

function eventOf(value: unknown): CloudEvent {
  const { data, data_base64, ...attributes } = validate(Envelope, value, 'The CloudEvent')
  const { type, source, id } = attributes
  if (!isEventName(type)) {
    const issue = { path: 'type', message: 'must be dotted words: com.example.order.shipped' }
    throw new InvalidPayload(`${JSON.stringify(type)} is no event name.`, [issue])
  }
  const content = data_base64 === undefined ? data : { data_base64 }
  const isObject = typeof content === 'object' && content !== null && !Array.isArray(content)
  const payload = isObject ? content : { value: content ?? null }
  return { type, key: `${source} ${id}`, payload: { ...payload, cloudevent: attributes } }
}
