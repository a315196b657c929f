import { BroadcastController } from '../../controllers/broadcast-controller.ts'
import { idempotency } from '../../middleware/idempotency.ts'
import { broadcastRoutes } from '../../routers/broadcasts.ts'
import { BroadcastStatus, type ChannelTable } from '../../services/broadcasts/broadcast-status.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import type { Config } from '../config.ts'
import type { BroadcastDesk } from '../gateway/fleet/broadcast-desk.ts'
import type { HttpRouter } from '../http/http-router.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Services } from './services.ts'
import type { TopicMiddleware } from './topics.ts'

interface Parts {
  readonly config: Config
  readonly router: HttpRouter
  readonly services: Services
  readonly middleware: TopicMiddleware
  readonly manager: BroadcastManager
  readonly desk: BroadcastDesk
  readonly store: Store
  readonly clock: Clock
}

/** `/api/broadcasting`: the named broadcasts, and how broadcasting stands. */
export function addBroadcastApi(parts: Parts): void {
  const { config, router, services, middleware, manager, desk, store, clock } = parts
  const { broadcast, app, settings } = config
  const broadcastStatus = new BroadcastStatus({
    ...{ manager, queues: services.queues, broadcastLog: services.broadcastLog },
    app: { id: app.id, key: app.key },
    desk: () => desk,
    driver: broadcast.driver,
    channels: channelTable(broadcast.guardAdmin),
    settings: settings.filter(({ name }) => /^(BROADCAST|PUSHER|BELFRY_APP)_/.test(name)),
  })
  broadcastRoutes({
    router,
    ...middleware,
    idempotency: idempotency({ store }),
    broadcasts: new BroadcastController({ ...services, broadcastStatus, clock }),
  })
}

/** As `routers/broadcast-channels.ts` guards them. */
function channelTable(guardAdmin: boolean): ChannelTable {
  const admins = guardAdmin ? 'administrators' : 'everybody'
  return [
    { name: 'admin-dashboard', access: admins },
    { name: 'payment-notifications', access: admins },
    { name: 'compliance-notifications', access: admins },
    { name: 'system-maintenance', access: admins },
    { name: 'security-alerts', access: 'super_admin' },
    ...['super_admin', 'csr_admin', 'finance_admin', 'hr_manager'].map((role) => ({
      name: `admin-role-${role}`,
      access: role,
    })),
  ]
}
