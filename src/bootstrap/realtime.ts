import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AccessService } from '../../services/access/access-service.ts'
import { tenantOfAppKey } from '../../services/access/tenant-app.ts'
import type { Tickets } from '../../services/access/tickets.ts'
import { ChannelWebhooks } from '../../services/broadcasts/channel-webhooks.ts'
import type { Config } from '../config.ts'
import { everybody } from '../context.ts'
import type { Authenticate } from '../gateway/application.ts'
import { countByProtocol, countSlow } from '../gateway/count-by-protocol.ts'
import { Gateway } from '../gateway/gateway.ts'
import { NativeDoor } from '../gateway/native-door.ts'
import type { PusherApp } from '../gateway/protocols/pusher/pusher-parts.ts'
import { PusherDoor } from '../gateway/pusher-door.ts'
import { SocketIoDoor } from '../gateway/socketio-door.ts'
import { SseDoor } from '../gateway/sse-door.ts'
import type { Door, Upgrade } from '../gateway/upgrade.ts'
import { clientAddress } from '../http/client-address.ts'
import type { HttpServer } from '../http/http-server.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { NotFound } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import type { Broadcasting } from './broadcasting.ts'
import { gatewayApplication } from './gateway-application.ts'
import type { Services } from './services.ts'
import type { Tenants } from './tenants.ts'

interface Parts {
  readonly config: Config
  readonly http: HttpServer
  readonly broadcasting: Broadcasting
  readonly services: Services
  readonly access: AccessService
  readonly tickets: Tickets
  readonly tenants: Pick<Tenants, 'of' | 'at' | 'known'>
  readonly store: Store
  readonly keys: Keys
  readonly bus: Bus
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}

/** Opens the realtime doors on the HTTP port. Returns the gateway and the way to close it. */
export function createRealtime(parts: Parts) {
  const { config, http, store, clock, bus, metrics, log } = parts
  const application = gatewayApplication(parts)
  const applicationOf = (tenant: string) =>
    tenant === '' ? application : parts.tenants.at(tenant).application
  const onOpened = (protocol: string) => metrics.sessionsOpened.inc({ protocol })
  const onTrouble = (reason: string) => metrics.connectionTroubles.inc({ reason })
  const told = { onOpened, onTrouble }
  const news = newsOf(parts)
  const gateway = new Gateway({
    ...{ store, bus, clock, log, news, ...told, applicationOf },
  })
  const shared = {
    gateway,
    authenticate: authenticator(parts),
    addressOf: ({ request }: Upgrade) => clientAddress(request, config.http.trustProxy),
    log,
    compression: true,
  }
  const nobody = parts.access.mode === 'off' ? everybody('anonymous') : null
  const native = new NativeDoor(shared)
  const { access, credentials, cache } = parts.broadcasting
  const own: PusherApp = {
    ...{ application, cache, news, nobody },
    credentials: () => [credentials],
    identify: async (user, claims) => access.identify(user, claims),
  }
  const pusher = new PusherDoor({
    ...shared,
    clock,
    appOf: (key) => (key === credentials.key ? own : tenantsApp(parts.tenants, key)),
    onOpened: () => onOpened('pusher'),
  })
  metrics.onScrape(() => {
    metrics.slowConnections.set(countSlow(gateway.sockets))
    metrics.sessions.reset()
    metrics.sessions.set({ protocol: 'pusher' }, pusher.count)
    for (const [protocol, count] of countByProtocol(gateway.hub)) {
      metrics.sessions.set({ protocol }, count)
    }
  })
  const overHttp = {
    ...shared,
    applicationOf,
    nobody,
    allowsOrigin: (headers: IncomingHttpHeaders) => http.origins.allows(headers),
    addressOf: (request: IncomingMessage) => clientAddress(request, config.http.trustProxy),
  }
  const sse = new SseDoor({
    ...overHttp,
    keepTicket: (ticket, session, principal) => parts.tickets.keep(ticket, session, principal),
  })
  const socketIo = new SocketIoDoor({ ...overHttp, clock })
  http.onRaw('GET', '/sse', sse.handle)
  http.onRaw('GET', '/socket.io', socketIo.handle)
  http.onRaw('POST', '/socket.io', socketIo.handle)
  open(http, '/socket.io', socketIo.door)
  open(http, '/ws', native.door)
  open(http, '/app', pusher.door)
  const stop = async (withinMs: number) => {
    native.stop()
    await gateway.stop(withinMs)
    socketIo.stop()
  }
  return { gateway, stop }
}

/** The application of a tenant, while this key of it holds. */
async function tenantsApp(tenants: Pick<Tenants, 'known'>, key: string) {
  const name = tenantOfAppKey(key)
  if (name === null) return null
  const tenant = await tenants.known(name).catch((error: unknown) => {
    if (error instanceof NotFound) return null
    throw error
  })
  const credentials = (await tenant?.pusher.credentials()) ?? []
  return credentials.some((each) => each.key === key) ? (tenant?.pusher ?? null) : null
}

/** `null` where no back end wants to know what happens on channels. */
function newsOf({ config, services, store, keys, clock, log }: Parts): ChannelWebhooks | null {
  const urls = config.app.webhooks
  if (urls.length === 0) return null
  return new ChannelWebhooks({ store, keys, bell: services.bell, clock, log, urls })
}

function open(http: HttpServer, path: string, door: Door): void {
  http.onUpgrade(path, (request, socket, head) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (url === null || !door({ request, socket, head, url })) socket.destroy()
  })
}

/** Whoever is let in finds what serves his tenant ready. */
function authenticator({ access, tickets, tenants }: Parts): Authenticate {
  const identify: Authenticate = async ({ token, ticket, userId, session = null }) => {
    // As over HTTP, a token that is left over from elsewhere changes nothing then.
    if (userId !== null && access.mode === 'off') return access.claimed(userId)
    if (token !== null) return access.authenticate(token)
    if (ticket !== null) return tickets.redeem(ticket, session)
    return null
  }
  return async (credential) => {
    const principal = await identify(credential)
    if (principal !== null && principal.tenant !== '') await tenants.of(principal.tenant)
    return principal
  }
}
