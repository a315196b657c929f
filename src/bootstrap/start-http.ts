import { LinkController } from '../../controllers/link-controller.ts'
import { tenantLinkRoutes } from '../../routers/links.ts'
import type { AccessService } from '../../services/access/access-service.ts'
import { Tickets } from '../../services/access/tickets.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { ChannelRules } from '../broadcasting/channel-rules.ts'
import { type Config, publicUrlOf } from '../config.ts'
import type { Principal } from '../context.ts'
import type { HealthCheck } from '../http/health-checks.ts'
import type { HttpRouter } from '../http/http-router.ts'
import { HttpServer } from '../http/http-server.ts'
import type { ApiInfo } from '../http/openapi.ts'
import type { HttpRefusal } from '../http/request-run.ts'
import { asyncApiOf } from '../mqtt/asyncapi.ts'
import type { Dispatcher } from '../mqtt/dispatcher.ts'
import type { Router } from '../mqtt/router.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import { addBroadcastApi } from './broadcast-api.ts'
import { type Broadcasting, createBroadcasting } from './broadcasting.ts'
import { dashboardFolder } from './dashboard.ts'
import { createApi } from './http-api.ts'
import { loadApp } from './load-app.ts'
import { operatorApp } from './operator-app.ts'
import type { Additions, DefineRoutes } from './own-app.ts'
import { createRealtime } from './realtime.ts'
import type { Reload } from './reload.ts'
import type { Rules } from './rules.ts'
import type { Services } from './services.ts'
import type { Tenants } from './tenants.ts'
import type { TopicMiddleware } from './topics.ts'

/** The HTTP port with everything on it. */
export interface RunningHttp {
  readonly port: number
  /** Where people find it. */
  readonly url: string
  readonly broadcasting: Broadcasting
  /** For a server that hands requests and upgrades on. */
  readonly nodeServer: HttpServer['nodeServer']
  readonly paths: HttpServer['paths']
  stop(withinMs: number): Promise<void>
}

interface Parts {
  readonly config: Config
  readonly version: string
  readonly services: Services
  readonly access: AccessService
  readonly middleware: TopicMiddleware
  readonly topics: Router
  readonly dispatcher: Dispatcher
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly metrics: Metrics
  readonly checks: readonly HealthCheck[]
  readonly reload: Reload
  readonly manager: BroadcastManager
  readonly rules: Rules
  readonly tenants: Tenants
  readonly additions: Additions
  /** What the program that we are part of declares. */
  readonly routes?: DefineRoutes | undefined
  /** Whether another server listens for us. */
  readonly isAttached?: boolean | undefined
  readonly onRefused: (refusal: HttpRefusal) => void
  readonly clock: Clock
  readonly log: Logger
}

/** Serves API, health, documentation and realtime, as far as the roles ask for them. */
export async function startHttp(parts: Parts): Promise<RunningHttp> {
  const { config, services, store, keys, clock, middleware, version } = parts
  const tickets = new Tickets({ store, keys, clock })
  const withTickets = { ...parts, tickets }
  const router = createApi({ ...withTickets, app: operatorApp(parts), operator: parts })
  addTenantLinks(router, parts)
  const rules = new ChannelRules<Principal>()
  const own = {
    ...{ router: parts.topics, http: router, channels: rules, middleware, services },
    ...parts.additions.declarations,
  }
  if (config.appFolder !== null) await loadApp(config.appFolder, own, parts.additions)
  await parts.routes?.(own)
  const broadcasting = await createBroadcasting({ ...parts, router, rules })
  addBroadcastApi({ ...parts, router, desk: broadcasting.desk })
  const info = { title: 'Belfry', version, description: 'MQTT-routed notifications.' }
  describeTopics(router, parts.topics, { config, info })
  const http: HttpServer = new HttpServer({
    ...parts,
    router,
    settings: config.http,
    info,
    identify: middleware.authenticate,
  })
  const dashboard = dashboardFolder()
  if (dashboard !== null) http.serveFiles(dashboard)
  const realtime = config.roles.has('gateway')
    ? createRealtime({ ...withTickets, http, broadcasting })
    : null
  await realtime?.gateway.start()
  await (parts.isAttached ? http.startAttached() : http.start())
  return {
    port: http.port,
    nodeServer: http.nodeServer,
    paths: http.paths,
    broadcasting,
    url: config.http.publicUrl ?? publicUrlOf(config.http.host, http.port),
    async stop(withinMs) {
      http.drain()
      await realtime?.stop(withinMs * 0.7)
      await http.stop(withinMs * 0.3)
      await broadcasting.stop()
    },
  }
}

/** Links in messages of tenants: what was signed for one is read with his secret. */
function addTenantLinks(router: HttpRouter, { services, tenants }: Parts): void {
  tenantLinkRoutes({
    router,
    links: new LinkController(services),
    async toTenant(context) {
      const tenant = await tenants.known(context.params.tenant ?? '')
      return tenant.serve(context, context.route.replace('/t/{tenant}', ''))
    },
  })
}

/** The description of the topics, made once: routes do not change while we run. */
function describeTopics(
  router: HttpRouter,
  topics: Router,
  { config, info }: { config: Config; info: ApiInfo },
): void {
  const { external, embedded } = config.mqtt
  const broker = new URL(external?.urls[0] ?? `mqtt://${embedded.host}:${embedded.port}`)
  const server = { host: broker.host, protocol: broker.protocol.replace(':', '') }
  const document = asyncApiOf(topics.routes, info, server)
  const summary = 'The MQTT topics, as AsyncAPI 3'
  router.on('GET', '/asyncapi.json', { summary, tags: ['documentation'] }, async () => document)
}
