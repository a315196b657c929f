import { z } from 'zod'
import { identityOf } from '../services/acceptance.ts'
import type { EventLog } from '../services/event-log.ts'
import { type Context, InvalidPayload } from '../src/index.ts'

/** Any object: what an event carries is its own affair. */
export const EventPayload = z.record(z.string(), z.unknown())

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
    const name = context.params.event_name
    if (!EVENT_NAME.test(name) || name.length > 128) {
      throw new InvalidPayload(`${JSON.stringify(name)} is no event name: say order.shipped.`)
    }
    return this.#events.record(name, withoutEnvelope(context.payload), {
      identity: identityOf(context),
      sourceUser: context.principal?.via === 'none' ? null : (context.principal?.id ?? null),
    })
  }
}

/** What was for us is not part of the event. */
function withoutEnvelope(payload: Record<string, unknown>): Record<string, unknown> {
  const { reply_to, correlation_id, idempotency_key, ...rest } = payload
  return rest
}
