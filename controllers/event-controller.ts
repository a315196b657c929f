import { z } from 'zod'
import type { EventLog } from '../services/events/event-log.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { type Context, InvalidPayload } from '../src/index.ts'
import { idempotencyKey } from './fields.ts'

/** Any object: what an event carries is its own affair. */
export const EventPayload = z.record(z.string(), z.unknown())

/** The same over HTTP, where no topic says the name. */
export const EventBody = z.object({
  name: z.string(),
  payload: EventPayload.default({}),
  idempotency_key: idempotencyKey(),
})

const EVENT_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

/** `events/{event_name}`: something happened. */
export class EventController {
  readonly #events: EventLog

  constructor(parts: { events: EventLog }) {
    this.#events = parts.events
  }

  record = async (
    context: Context<{ readonly event_name: string }, z.output<typeof EventPayload>>,
  ) => {
    const name = assertEventName(context.params.event_name)
    return this.#record(name, context.payload, context)
  }

  /** `POST /api/events`. */
  publish = async (context: Context<unknown, z.output<typeof EventBody>>) =>
    this.#record(assertEventName(context.payload.name), context.payload.payload, context)

  #record(name: string, payload: Record<string, unknown>, context: Context<unknown, unknown>) {
    return this.#events.record(name, withoutEnvelope(payload), {
      identity: identityOf(context),
      sourceUser: context.principal?.via === 'none' ? null : (context.principal?.id ?? null),
    })
  }
}

function assertEventName(name: string): string {
  if (EVENT_NAME.test(name) && name.length <= 128) return name
  throw new InvalidPayload(`${JSON.stringify(name)} is no event name: say order.shipped.`)
}

/** What was for us is not part of the event. */
function withoutEnvelope(payload: Record<string, unknown>): Record<string, unknown> {
  const { reply_to, correlation_id, idempotency_key, ...rest } = payload
  return rest
}
