import { BroadcastingController } from '../../controllers/broadcasting-controller.ts'
import { ConnectionController } from '../../controllers/connection-controller.ts'
import { PusherController } from '../../controllers/pusher-controller.ts'
import { appSignature, type SigningApp } from '../../middleware/app-signature.ts'
import { broadcastChannels } from '../../routers/broadcast-channels.ts'
import { broadcastingRoutes } from '../../routers/broadcasting.ts'
import { connectionRoutes } from '../../routers/connections.ts'
import type { AccessService } from '../../services/access/access-service.ts'
import { ChannelAccess } from '../../services/access/channel-access.ts'
import { Standing } from '../../services/access/standing.ts'
import { tenantOfAppId } from '../../services/access/tenant-app.ts'
import { ConnectedSessions } from '../../services/sessions/connected-sessions.ts'
import { AppCredentials } from '../broadcasting/app-credentials.ts'
import type { ChannelRules } from '../broadcasting/channel-rules.ts'
import type { Config } from '../config.ts'
import type { Principal } from '../context.ts'
import { ChannelCache } from '../gateway/channel-cache.ts'
import { ChannelHistory } from '../gateway/channel-history.ts'
import { BroadcastDesk } from '../gateway/fleet/broadcast-desk.ts'
import { FleetNodes } from '../gateway/fleet/fleet-nodes.ts'
import { FleetQuestions } from '../gateway/fleet/fleet-questions.ts'
import { MemberRecords } from '../gateway/presence/member-records.ts'
import type { PusherApp } from '../gateway/protocols/pusher/pusher-parts.ts'
import type { HttpContext } from '../http/http-context.ts'
import type { HttpRouter } from '../http/http-router.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { appSecret } from './operator-app.ts'
import { pusherCredentials } from './pusher-credentials.ts'
import type { Services } from './services.ts'
import type { TopicMiddleware } from './topics.ts'

interface Parts {
  readonly config: Config
  readonly services: Services
  readonly access: AccessService
  readonly middleware: TopicMiddleware
  readonly router: HttpRouter
  readonly tenants: KnownTenants
  /** Those of the user; ours are asked after them. */
  readonly rules: ChannelRules<Principal>
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
}

/** Tenants that some credential named before. */
interface KnownTenants {
  known(name: string): Promise<{
    readonly pusher: Pick<PusherApp, 'credentials'>
    serve(context: HttpContext): Promise<unknown>
  }>
}

/** What doors and routes of broadcast channels share. */
export interface Broadcasting {
  readonly credentials: AppCredentials
  readonly access: ChannelAccess
  readonly cache: ChannelCache
  readonly standing: Standing
  readonly desk: BroadcastDesk
  stop(): Promise<void>
}

/** What is said on a tenant's broadcast channels, and asked about them. */
export function createDesk(
  parts: Pick<Parts, 'store' | 'bus' | 'keys' | 'clock' | 'log'> & {
    readonly services: Pick<Services, 'realtime'>
  },
) {
  const { services, store, bus, keys, clock, log } = parts
  const cache = new ChannelCache({ store, keys })
  const history = new ChannelHistory({ store, keys })
  const nodes = new FleetNodes({ store, keys })
  const questions = new FleetQuestions({ bus, nodes, clock, log })
  const members = new MemberRecords(store)
  const { realtime } = services
  const { scope } = keys
  const desk = new BroadcastDesk({ scope, bus: realtime, cache, history, members, questions })
  return { cache, desk, questions }
}

/** Whose sockets are authorised: with the driver `pusher` clients are connected over there. */
function clientsOf(config: Config, own: AppCredentials): AppCredentials {
  return config.broadcast.driver === 'pusher' ? (pusherCredentials(config) ?? own) : own
}

/** A tenant's back end, which is served by what is the tenant's. */
async function signingTenant(tenants: KnownTenants, id: string): Promise<SigningApp> {
  const tenant = await tenants.known(tenantOfAppId(id) ?? '')
  const credentials = await tenant.pusher.credentials()
  return { credentials, serve: (context) => tenant.serve(context) }
}

/** Rules, credentials and HTTP routes of broadcast channels. */
export async function createBroadcasting(parts: Parts): Promise<Broadcasting> {
  const { config, services, router, rules, middleware, store, bus, keys, clock, log } = parts
  const credentials = new AppCredentials({
    ...config.app,
    secret: await appSecret(parts),
  })
  const clients = clientsOf(config, credentials)
  const standing = new Standing(services)
  broadcastChannels({ channels: rules, standing, guardAdmin: config.broadcast.guardAdmin })
  const isOpen = parts.access.mode === 'off'
  const access = new ChannelAccess({ rules, standing, isOpen })
  const { cache, desk, questions } = createDesk({ services, store, bus, keys, clock, log })
  const gateways = {
    clients: questions.clients.bind(questions),
    dismiss: (id: string) => services.realtime.dismiss(id),
  }
  const { sessions } = services
  const connections = new ConnectedSessions({ store, keys, clock, sessions, gateways })
  connectionRoutes({
    router,
    ...middleware,
    connections: new ConnectionController({ connections }),
  })
  broadcastingRoutes({
    router,
    ...middleware,
    signature: appSignature(async (id) => {
      if (id === credentials.id) return { credentials: [credentials], serve: null }
      return signingTenant(parts.tenants, id)
    }),
    broadcasting: new BroadcastingController({ credentials: () => clients, access }),
    pusher: new PusherController({ desk }),
  })
  return { credentials, access, cache, standing, desk, stop: () => questions.stop() }
}
