import { z } from 'zod'
import type { EventLog } from '../services/events/event-log.ts'
import type { EventTypes } from '../services/events/event-types.ts'
import { cloudEventIn, identityOfCloudEvent } from '../services/hooks/cloud-event.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { type Context, InvalidPayload, isEventName, isSafeId } from '../src/index.ts'
import { idempotencyKey } from './fields.ts'

/** Any object: what an event carries is its own affair. */
export const EventPayload = z.record(z.string(), z.unknown())

/** The same over HTTP, where no topic says the name. */
export const EventBody = z.object({
  name: z.string(),
  payload: EventPayload.default({}),
  /** Told of it in the words of its type's template. */
  target_users: z.array(z.string().refine(isSafeId, 'must be a user id')).max(100).default([]),
  idempotency_key: idempotencyKey(),
})

/** `events/{event_name}`: something happened. */
export class EventController {
  readonly #events: EventLog
  readonly #types: EventTypes

  constructor(parts: { events: EventLog; eventTypes: EventTypes }) {
    this.#events = parts.events
    this.#types = parts.eventTypes
  }

  /** `GET /api/event-types`. */
  types = async () => ({ data: this.#types.list(), next_cursor: null })

  /** On MQTT; a CloudEvent in structured mode is taken out of its envelope, the topic says its name. */
  record = async (
    context: Context<{ readonly event_name: string }, z.output<typeof EventPayload>>,
  ) => {
    const name = assertEventName(context.params.event_name)
    const event = cloudEventIn(withoutEnvelope(context.payload))
    if (event === null) return this.#record(name, context.payload, context)
    const identity = identityOfCloudEvent(event, identityOf(context))
    return this.#events.record(name, event.payload, { identity, sourceUser: userOf(context) })
  }

  /** `POST /api/events`. */
  publish = async (context: Context<unknown, z.output<typeof EventBody>>) =>
    this.#record(
      assertEventName(context.payload.name),
      context.payload.payload,
      context,
      context.payload.target_users,
    )

  #record(
    name: string,
    payload: Record<string, unknown>,
    context: Context<unknown, unknown>,
    targetUsers: readonly string[] = [],
  ) {
    return this.#events.record(name, withoutEnvelope(payload), {
      identity: identityOf(context),
      targetUsers,
      sourceUser: userOf(context),
    })
  }
}

function userOf({ principal }: Context<unknown, unknown>): string | null {
  return principal?.via === 'none' ? null : (principal?.id ?? null)
}

function assertEventName(name: string): string {
  if (isEventName(name)) return name
  throw new InvalidPayload(`${JSON.stringify(name)} is no event name: say order.shipped.`)
}

/** What was for us is not part of the event. */
function withoutEnvelope(payload: Record<string, unknown>): Record<string, unknown> {
  const { reply_to, correlation_id, idempotency_key, ...rest } = payload
  return rest
}
