import { type EventController, EventPayload } from '../controllers/event-controller.ts'
import { LogFailures } from '../services/events/log-failures.ts'
import type { EventListener, Listen, Logger, RouteMiddleware, Router } from '../src/index.ts'

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

/** Who listens to which events, in this order; patterns may have a `*`. */
export function eventListeners({ listen, log }: { readonly listen: Listen; readonly log: Logger }) {
  const table: Readonly<Record<string, readonly EventListener[]>> = {
    '*.failed': [new LogFailures(log)],
  }
  for (const [name, listeners] of Object.entries(table)) {
    for (const listener of listeners) listen(name, listener)
  }
}
