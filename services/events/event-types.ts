import { z } from 'zod'
import { InvalidPayload, isEventName, type Logger, NotFound, validate } from '../../src/index.ts'
import type { ChannelSwitches } from '../directory/preferences.ts'

const HOUR_MS = 3_600_000
/** Events are kept for 72 hours (seed S3-033), at most for a year. */
const DEFAULT_RETENTION_HOURS = 72
const MOST_RETENTION_HOURS = 365 * 24

/** What is known of a type of events. */
export interface EventType {
  /** Dotted: `product.created`. */
  readonly name: string
  /** What people call it, also where its template cannot be rendered. */
  readonly displayName: string
  readonly category: string | null
  readonly retentionMs: number
  /** What its payload must be; `null`: anything. */
  readonly schema: z.ZodType | null
  /** Which channels people want of it who have not said it themselves, nor their tenant. */
  readonly preferences: ChannelSwitches | null
  /** Whether it tells only people who have said what they want (seed S3-028). Default: no. */
  readonly needsPreferences: boolean
}

export interface EventTypeFields {
  readonly name: string
  /** Default: the name in words. */
  readonly displayName?: string
  /** Default: the first word of the name. */
  readonly category?: string
  readonly retentionHours?: number
  readonly schema?: z.ZodType
  /** Channel → whether it is wanted where nobody has said anything: `{ sms: true }`. */
  readonly preferences?: ChannelSwitches
  readonly needsPreferences?: boolean
}

interface Parts {
  readonly log: Logger
  /** Whether events of unknown types are turned away; else they are taken, and warned of once. */
  readonly refusesUnknown: boolean
}

/** Every type of event that the application speaks of. */
export class EventTypes {
  readonly #parts: Parts
  readonly #types = new Map<string, EventType>()
  readonly #warned = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `InvalidPayload` for a name that no event can have, or a retention that nobody keeps. */
  define(fields: EventTypeFields): EventType {
    const { name, retentionHours = DEFAULT_RETENTION_HOURS } = fields
    if (!isEventName(name)) throw new InvalidPayload(`${JSON.stringify(name)} is no event name.`)
    if (!(retentionHours > 0 && retentionHours <= MOST_RETENTION_HOURS)) {
      throw new InvalidPayload(`retentionHours of ${name} must be 1 to ${MOST_RETENTION_HOURS}.`)
    }
    const type = {
      ...unknownType(name),
      ...(fields.displayName === undefined ? {} : { displayName: fields.displayName }),
      ...(fields.category === undefined ? {} : { category: fields.category }),
      retentionMs: retentionHours * HOUR_MS,
      schema: fields.schema ?? null,
      preferences: fields.preferences ?? null,
      needsPreferences: fields.needsPreferences ?? false,
    }
    this.#types.set(name, type)
    return type
  }

  /** What is known of a type, or the defaults. */
  find(name: string): EventType {
    return this.#types.get(name) ?? unknownType(name)
  }

  /** The payload as its type's schema gives it out. Throws `InvalidPayload`, `NotFound`. */
  check(name: string, payload: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const type = this.#types.get(name)
    if (type === undefined) {
      this.#unknown(name)
      return payload
    }
    if (type.schema === null) return payload
    return validate(type.schema, payload, `The payload of ${name}`) as Record<string, unknown>
  }

  /** As the wire shows them. */
  list(): readonly object[] {
    return [...this.#types.values()].map((type) => ({
      name: type.name,
      display_name: type.displayName,
      category: type.category,
      retention_hours: type.retentionMs / HOUR_MS,
      needs_preferences: type.needsPreferences,
      preferences: type.preferences,
      schema:
        type.schema === null
          ? null
          : z.toJSONSchema(type.schema, { io: 'input', unrepresentable: 'any' }),
    }))
  }

  #unknown(name: string): void {
    if (this.#parts.refusesUnknown) {
      const known = [...this.#types.keys()].slice(0, 20).join(', ')
      throw new NotFound(`There is no type of event ${name}; there are ${known}.`)
    }
    if (this.#warned.has(name) || this.#warned.size > 1000) return
    this.#warned.add(name)
    this.#parts.log.debug({ event: name }, 'an event of a type that nobody defined')
  }
}

function unknownType(name: string): EventType {
  const words = name.split(/[._-]/).join(' ')
  return {
    name,
    displayName: words.charAt(0).toUpperCase() + words.slice(1),
    category: name.includes('.') ? (name.split('.')[0] ?? null) : null,
    retentionMs: DEFAULT_RETENTION_HOURS * HOUR_MS,
    schema: null,
    preferences: null,
    needsPreferences: false,
  }
}
