import { type EventController, EventPayload } from '../controllers/event-controller.ts'
import type { RouteMiddleware, Router } from '../src/index.ts'

/** What happened elsewhere, by name: `events/order.shipped`. */
export function eventRoutes(parts: {
  readonly router: Router
  /** authenticate → the scope to publish → rate limit. */
  readonly middleware: readonly RouteMiddleware[]
  readonly events: EventController
}): void {
  const { router, middleware, events } = parts
  router.group('events', middleware, (group) => {
    group.on('{event_name}', { qos: 1, payload: EventPayload, shared: true }, events.record)
  })
}
