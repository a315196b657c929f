import { z } from 'zod'
import { type FlowOptions, InvalidPayload, inOurWords, isEventName } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { ChannelSwitches } from '../directory/preferences.ts'
import { flowOf } from '../flows/flow-fields.ts'
import { writtenFlow } from '../notifications/class-flow.ts'
import { EventTypeBody, type WrittenEventType } from './event-type-body.ts'
import { payloadSchemaOf } from './payload-schema.ts'
import { compileConditions, type TypeCondition, type WrittenCondition } from './type-conditions.ts'
import type { WrittenDelay } from './type-delay.ts'

const HOUR_MS = 3_600_000
/** Events are kept for 72 hours (seed S3-033). */
const DEFAULT_RETENTION_HOURS = 72

/** What an application says of a type of events, and of messages of that type. */
export interface EventTypeFields
  extends Pick<FlowOptions, 'digest' | 'throttle' | 'fallback' | 'requireAck'> {
  readonly name: string
  /** Default: the name in words. */
  readonly displayName?: string
  /** Default: the first word of the name. */
  readonly category?: string
  readonly retentionHours?: number
  /** What the payload of such an event must be. */
  readonly schema?: z.ZodType
  /** Channel → whether it is wanted where nobody has said anything: `{ sms: true }`. */
  readonly preferences?: ChannelSwitches
  /** Whether it tells only people who have said what they want (seed S3-028). Default: no. */
  readonly needsPreferences?: boolean
  /** Whether it reaches people whatever they prefer. Default: no. */
  readonly critical?: boolean
  /** Where it goes unless the message says it, whatever its priority. */
  readonly channels?: readonly string[]
  /** All must hold, else nobody is told: `['payload.total >= 100']`. */
  readonly conditions?: readonly WrittenCondition[]
  /** The same for one channel; `false`: it is switched off for everybody. */
  readonly channelConditions?: Readonly<Record<string, readonly WrittenCondition[] | false>>
  /** Seconds, a text such as `30m`, or where in the payload the moment or the time stands. */
  readonly delay?: WrittenDelay
}

/** What is known of a type of events, and what holds for every message of that type. */
export interface EventType {
  /** Dotted: `product.created`. */
  readonly name: string
  /** What people call it, also where its template cannot be rendered. */
  readonly displayName: string
  readonly category: string | null
  readonly retentionMs: number
  /** What its payload must be; `null`: anything. */
  readonly schema: z.ZodType | null
  readonly preferences: ChannelSwitches | null
  readonly needsPreferences: boolean
  readonly critical: boolean
  readonly channels: readonly ChannelName[] | null
  readonly conditions: readonly TypeCondition[]
  readonly channelConditions: Readonly<Record<string, readonly TypeCondition[]>>
  readonly delay: WrittenDelay | null
  readonly flow: ReturnType<typeof flowOf>
  /** As it was said. */
  readonly written: WrittenEventType
}

/** Throws `InvalidPayload` for a name that no event can have, and for what no type may say. */
export function writtenOf(fields: EventTypeFields): WrittenEventType {
  const { name } = fields
  assertEventName(name)
  const written = {
    display_name: fields.displayName,
    category: fields.category,
    retention_hours: fields.retentionHours,
    preferences: fields.preferences,
    needs_preferences: fields.needsPreferences,
    critical: fields.critical,
    channels: fields.channels,
    conditions: fields.conditions,
    channel_conditions: fields.channelConditions,
    delay: fields.delay,
    ...writtenFlow(fields),
  }
  const said = Object.entries(written).filter(([, value]) => value !== undefined)
  const parsed = EventTypeBody.safeParse(Object.fromEntries(said), inOurWords)
  if (parsed.success) return parsed.data
  throw new InvalidPayload(`The event type ${name}: ${z.prettifyError(parsed.error)}`)
}

/** Throws `InvalidPayload` for a name that no event can have. */
export function assertEventName(name: string): void {
  if (isEventName(name)) return
  throw new InvalidPayload(`${JSON.stringify(name)} is no event name: say order.shipped.`)
}

/** A type as services take it; what was not said is ours. A schema that was saved wins over `coded`. */
export function eventTypeOf(
  name: string,
  written: WrittenEventType,
  coded: z.ZodType | null = null,
): EventType {
  const usual = usualOf(name)
  const { conditions, channel_conditions, delay, retention_hours } = written
  const perChannel = Object.entries(channel_conditions ?? {}).map(([channel, list]) => {
    return [channel, compileConditions(list ?? [])] as const
  })
  return {
    ...{ name, written },
    schema: written.schema == null ? coded : payloadSchemaOf(written.schema),
    displayName: written.display_name ?? usual.displayName,
    category: written.category ?? usual.category,
    retentionMs: (retention_hours ?? DEFAULT_RETENTION_HOURS) * HOUR_MS,
    preferences: written.preferences ?? null,
    needsPreferences: written.needs_preferences ?? false,
    critical: written.critical ?? false,
    channels: channelsOf(written),
    conditions: compileConditions(conditions ?? []),
    channelConditions: Object.fromEntries(perChannel),
    delay: delay ?? null,
    flow: flowOf(written),
  }
}

/** The inbox gets everything: it need not be named. */
function channelsOf({ channels }: WrittenEventType): readonly ChannelName[] | null {
  if (channels == null) return null
  return channels.filter((name) => name !== 'database') as ChannelName[]
}

/** As the wire shows it. */
export function shownType({ name, schema, written, ...type }: EventType) {
  return {
    name,
    display_name: type.displayName,
    category: type.category,
    retention_hours: type.retentionMs / HOUR_MS,
    critical: type.critical,
    needs_preferences: type.needsPreferences,
    preferences: type.preferences,
    channels: type.channels,
    conditions: written.conditions ?? [],
    channel_conditions: written.channel_conditions ?? {},
    delay: written.delay ?? null,
    digest: written.digest ?? null,
    throttle: written.throttle ?? null,
    fallback: written.fallback ?? null,
    require_ack: written.require_ack ?? null,
    schema: written.schema ?? (schema === null ? null : inJsonSchema(schema)),
  }
}

function inJsonSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}

function usualOf(name: string) {
  const words = name.split(/[._-]/).join(' ')
  return {
    displayName: words.charAt(0).toUpperCase() + words.slice(1),
    category: name.includes('.') ? (name.split('.')[0] ?? null) : null,
  }
}
