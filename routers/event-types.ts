import { type EventController, EventTypeParams } from '../controllers/event-controller.ts'
import { EventTypeBody } from '../services/events/event-type-body.ts'
import type { HttpGroup } from '../src/index.ts'

/** What holds for types of events and for the messages of those types, under `/api/event-types`. */
export function eventTypeRoutes(
  api: HttpGroup<'/api'>,
  { events }: { readonly events: EventController },
): void {
  const read = { tags: ['event types'], scope: 'operate' } as const
  const admin = { tags: ['event types'], scope: 'admin', params: EventTypeParams } as const
  api.on(
    'GET',
    '/event-types',
    { ...read, summary: 'What is known of types of events' },
    events.types,
  )
  api.on(
    'GET',
    '/event-types/{name}',
    { ...read, params: EventTypeParams, summary: 'What holds for one type' },
    events.type,
  )
  api.on(
    'PUT',
    '/event-types/{name}',
    {
      ...{ ...admin, body: EventTypeBody },
      summary: 'Say what holds for a type, in place of what was saved before',
    },
    events.saveType,
  )
  api.on(
    'DELETE',
    '/event-types/{name}',
    { ...admin, summary: 'Forget what was saved of it; what the application defines stays' },
    events.removeType,
  )
}
