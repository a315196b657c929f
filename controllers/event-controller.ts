import { z } from 'zod'
import type { EventLog } from '../services/events/event-log.ts'
import { assertEventName, shownType } from '../services/events/event-type.ts'
import type { EventTypeBody } from '../services/events/event-type-body.ts'
import type { EventTypes } from '../services/events/event-types.ts'
import { cloudEventIn, identityOfCloudEvent } from '../services/hooks/cloud-event.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import type { Context } from '../src/index.ts'
import { alsoNamed } from './as-written.ts'
import { idempotencyKey, userId } from './fields.ts'

/** Any object: what an event carries is its own affair. */
export const EventPayload = z.record(z.string(), z.unknown())

/** The same over HTTP, where no topic says the name. */
export const EventBody = alsoNamed(
  { event_type: 'name', event_data: 'payload' }, // as in seed 004
  z.object({
    name: z.string(),
    payload: EventPayload.default({}),
    /** Who did it, where that is not the caller. */
    source_user: userId().nullish(),
    /** Told of it in the words of its type's template. */
    target_users: z.array(userId()).max(100).default([]),
    idempotency_key: idempotencyKey(),
  }),
)

type NameParam = { readonly name: string }

export const EventTypeParams = z.object({ name: z.string().max(128) })

/** `events/{event_name}`: something happened. */
export class EventController {
  readonly #events: EventLog
  readonly #types: EventTypes

  constructor(parts: { events: EventLog; eventTypes: EventTypes }) {
    this.#events = parts.events
    this.#types = parts.eventTypes
  }

  /** `GET /api/event-types`. */
  types = async () => ({ data: await this.#types.list(), next_cursor: null })

  /** One of them; of a type that nobody has said anything of, what holds by default. */
  type = async ({ params }: Context<NameParam>) => {
    assertEventName(params.name)
    return shownType(await this.#types.find(params.name))
  }

  saveType = async ({ params, payload }: Context<NameParam, z.output<typeof EventTypeBody>>) =>
    shownType(await this.#types.save(params.name, payload))

  removeType = async ({ params }: Context<NameParam>) => {
    await this.#types.remove(params.name)
    return shownType(await this.#types.find(params.name))
  }

  /** On MQTT; a CloudEvent in structured mode is taken out of its envelope, the topic says its name. */
  record = async (
    context: Context<{ readonly event_name: string }, z.output<typeof EventPayload>>,
  ) => {
    const { event_name: name } = context.params
    assertEventName(name)
    const event = cloudEventIn(withoutEnvelope(context.payload))
    const own = { identity: identityOf(context), sourceUser: userOf(context) }
    if (event === null) return this.#events.record(name, withoutEnvelope(context.payload), own)
    const identity = identityOfCloudEvent(event, own.identity)
    return this.#events.record(name, event.payload, { ...own, identity })
  }

  /** `POST /api/events`. */
  publish = async (context: Context<unknown, z.output<typeof EventBody>>) => {
    const { name, payload, target_users: targetUsers, source_user } = context.payload
    assertEventName(name)
    return this.#events.record(name, withoutEnvelope(payload), {
      identity: identityOf(context),
      targetUsers,
      sourceUser: source_user ?? userOf(context),
    })
  }
}

function userOf({ principal }: Context<unknown, unknown>): string | null {
  return principal?.via === 'none' ? null : (principal?.id ?? null)
}

/** What was for us is not part of the event. */
function withoutEnvelope(payload: Record<string, unknown>): Record<string, unknown> {
  const { reply_to, correlation_id, idempotency_key, ...rest } = payload
  return rest
}
