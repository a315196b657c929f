import {
  type Bus,
  Cached,
  type Clock,
  InvalidPayload,
  type Keys,
  type Logger,
  NotFound,
  type Store,
  Unavailable,
  validate,
} from '../../src/index.ts'
import {
  assertEventName,
  type EventType,
  type EventTypeFields,
  eventTypeOf,
  shownType,
  writtenOf,
} from './event-type.ts'
import type { WrittenEventType } from './event-type-body.ts'
import { OWN_EVENTS } from './own-events.ts'

const PARTITION = 0
const MOST_TYPES = 500
const MOST_CHARACTERS = 1_000_000
const MOST_RACES = 20

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  /** Whether events of unknown types are turned away; else they are taken, and warned of once. */
  readonly refusesUnknown: boolean
}

/** What somebody saved, by name. */
type Saved = Readonly<Record<string, WrittenEventType>>
type Types = ReadonlyMap<string, EventType>

/**
 * Every type of event that is spoken of: those that the application defines in
 * code, and what was saved of them and of others, which wins field by field.
 */
export class EventTypes {
  readonly #parts: Parts
  readonly #defined = new Map<string, EventType>()
  readonly #saved: Cached<Types>
  readonly #warned = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
    const channel = parts.keys.eventTypes()
    this.#saved = new Cached({
      ...{ ...parts, channel },
      read: async () => this.#typesOf((await this.#read()).saved),
    })
  }

  /** Throws `InvalidPayload` for a name that no event can have, and for what no type may say. */
  define(fields: EventTypeFields): EventType {
    const type = eventTypeOf(fields.name, writtenOf(fields), fields.schema)
    this.#defined.set(type.name, type)
    this.#saved.forget()
    return type
  }

  /** The first of these names that somebody has said something of, at hand or as a promise; else `null`. */
  known(names: readonly string[]): EventType | null | Promise<EventType | null> {
    const saved = this.#saved.get()
    return saved instanceof Promise
      ? saved.then((types) => this.#first(names, types))
      : this.#first(names, saved)
  }

  /** What is known of a type, or the defaults. */
  async find(name: string): Promise<EventType> {
    return (await this.known([name])) ?? eventTypeOf(name, {})
  }

  /** The payload as its type's schema gives it out. Throws `InvalidPayload`, `NotFound`. */
  async check(
    name: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown>> {
    const type = await this.known([name])
    if (type === null && !OWN_EVENTS.includes(name)) await this.#unknown(name)
    const schema = type?.schema ?? null
    if (schema === null) return payload
    return validate(schema, payload, `The payload of ${name}`) as Record<string, unknown>
  }

  /** As the wire shows them, by name. */
  async list(): Promise<readonly object[]> {
    const saved = await this.#saved.get()
    const all = [...new Map([...this.#defined, ...saved]).values()]
    return all.sort((a, b) => (a.name < b.name ? -1 : 1)).map(shownType)
  }

  /** Says of a type what holds from now on, in place of what was saved before. */
  async save(name: string, written: WrittenEventType): Promise<EventType> {
    assertEventName(name)
    await this.#rewrite((before) => ({ ...before, [name]: written }))
    return this.find(name)
  }

  /** What the application defines in code stays. Throws `NotFound` when nothing was saved. */
  async remove(name: string): Promise<void> {
    await this.#rewrite((before) => {
      if (!Object.hasOwn(before, name)) throw new NotFound(`Nothing was saved of ${name}.`)
      const { [name]: _, ...rest } = before
      return rest
    })
  }

  async #rewrite(change: (before: Saved) => Saved): Promise<void> {
    const { store, keys } = this.#parts
    const key = keys.eventTypes()
    for (let attempt = 0; attempt < MOST_RACES; attempt++) {
      const { text, saved } = await this.#read()
      const after = change(saved)
      const written = JSON.stringify(after)
      if (Object.keys(after).length > MOST_TYPES || written.length > MOST_CHARACTERS) {
        throw new InvalidPayload(`At most ${MOST_TYPES} types, of a megabyte together, are kept.`)
      }
      const outcome = await store.commit({
        partition: PARTITION,
        guards: [['expect', key, text]],
        ops: [['set', key, written, 0]],
      })
      if (outcome.applied) return this.#saved.changed()
    }
    throw new Unavailable('Event types are being changed by others; try again.')
  }

  async #read(): Promise<{ readonly text: string | null; readonly saved: Saved }> {
    const text = await this.#parts.store.get(PARTITION, this.#parts.keys.eventTypes())
    return { text, saved: text === null ? {} : (JSON.parse(text) as Saved) }
  }

  #typesOf(saved: Saved): Types {
    const types = Object.entries(saved).map(([name, written]) => {
      const { written: defined = {}, schema: coded = null } = this.#defined.get(name) ?? {}
      return [name, eventTypeOf(name, { ...defined, ...saidIn(written) }, coded)] as const
    })
    return new Map(types)
  }

  #first(names: readonly string[], saved: Types): EventType | null {
    for (const name of names) {
      const found = saved.get(name) ?? this.#defined.get(name)
      if (found !== undefined) return found
    }
    return null
  }

  async #unknown(name: string): Promise<void> {
    if (this.#parts.refusesUnknown) {
      const known = [...new Set([...this.#defined.keys(), ...(await this.#saved.get()).keys()])]
      const some = known.slice(0, 20).join(', ')
      throw new NotFound(`There is no type of event ${name}; there are ${some}.`)
    }
    if (this.#warned.has(name) || this.#warned.size > 1000) return
    this.#warned.add(name)
    this.#parts.log.debug({ event: name }, 'an event of a type that nobody defined')
  }
}

/** `null` leaves a field to what the application defines. */
function saidIn(written: WrittenEventType): WrittenEventType {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value != null))
}
