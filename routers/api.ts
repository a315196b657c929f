import type { Context, HttpRouter, Middleware } from '../src/index.ts'
import { accessRoutes } from './access.ts'
import { alertRoutes } from './alerts.ts'
import { eventTypeRoutes } from './event-types.ts'
import { flowRoutes } from './flows.ts'
import { inboxRoutes } from './inbox.ts'
import { operationRoutes } from './operations.ts'
import { peopleRoutes } from './people.ts'
import { queueRoutes } from './queues.ts'
import { sendRoutes } from './sending.ts'
import { templateRoutes } from './templates.ts'

/** What the tables of one subject ask for. */
type ControllersOf<Table extends (api: never, controllers: never) => void> = Parameters<Table>[1]

interface Hallway {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
}

type Parts = Hallway &
  ControllersOf<typeof accessRoutes> &
  ControllersOf<typeof alertRoutes> &
  ControllersOf<typeof eventTypeRoutes> &
  ControllersOf<typeof flowRoutes> &
  ControllersOf<typeof inboxRoutes> &
  ControllersOf<typeof operationRoutes> &
  ControllersOf<typeof peopleRoutes> &
  ControllersOf<typeof queueRoutes> &
  ControllersOf<typeof sendRoutes> &
  ControllersOf<typeof templateRoutes>

/** Everything under `/api` that has no table of its own middleware: one subject a file. */
export function apiRoutes(parts: Parts): void {
  const { router, authenticate, rateLimit, idempotency } = parts
  router.group('/api', [authenticate, rateLimit, idempotency], (api) => {
    inboxRoutes(api, parts)
    sendRoutes(api, parts)
    flowRoutes(api, parts)
    peopleRoutes(api, parts)
    alertRoutes(api, parts)
    templateRoutes(api, parts)
    eventTypeRoutes(api, parts)
    operationRoutes(api, parts)
    queueRoutes(api, parts)
    accessRoutes(api, parts)
  })
}
