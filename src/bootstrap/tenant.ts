import { BroadcastingController } from '../../controllers/broadcasting-controller.ts'
import { ConnectionController } from '../../controllers/connection-controller.ts'
import { PusherController } from '../../controllers/pusher-controller.ts'
import { broadcastChannels } from '../../routers/broadcast-channels.ts'
import { broadcastingRoutes } from '../../routers/broadcasting.ts'
import { connectionRoutes } from '../../routers/connections.ts'
import type { AccessService } from '../../services/access/access-service.ts'
import { ChannelAccess } from '../../services/access/channel-access.ts'
import { Standing } from '../../services/access/standing.ts'
import { TenantApp } from '../../services/access/tenant-app.ts'
import { Tickets } from '../../services/access/tickets.ts'
import { Breakers } from '../../services/channels/breakers.ts'
import { ConnectedSessions } from '../../services/sessions/connected-sessions.ts'
import { AppCredentials } from '../broadcasting/app-credentials.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { ChannelRules } from '../broadcasting/channel-rules.ts'
import { type Config, publicUrlOf } from '../config.ts'
import type { Context, Principal } from '../context.ts'
import type { Application } from '../gateway/application.ts'
import type { PusherApp } from '../gateway/protocols/pusher/pusher-parts.ts'
import type { HttpContext } from '../http/http-context.ts'
import type { Dispatcher } from '../mqtt/dispatcher.ts'
import type { Publisher } from '../mqtt/message.ts'
import { tenantTopic } from '../mqtt/topic-name.ts'
import type { Bus } from '../store/bus.ts'
import { Keys, keysOfTenant } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { Forbidden } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import type { Announcements } from './announcements.ts'
import { addBroadcastProviders } from './broadcast-providers.ts'
import { createDesk } from './broadcasting.ts'
import { createBroadcasts } from './broadcasts.ts'
import { createCore } from './core.ts'
import { gatewayApplication } from './gateway-application.ts'
import { Housekeeper } from './housekeeper.ts'
import { createApi } from './http-api.ts'
import type { Pacing } from './pacing.ts'
import { createProviders } from './providers.ts'
import type { Services } from './services.ts'
import { withStaticCalls } from './static-calls.ts'
import { createTopics, type TopicMiddleware } from './topics.ts'
import { createWorkers } from './workers.ts'

/** What all tenants share: where things are kept and who carries them. */
export interface TenantParts {
  readonly config: Config
  readonly store: Store
  readonly bus: Bus
  readonly access: AccessService
  /** As it is for one tenant: it sends nobody elsewhere. */
  readonly middleware: TopicMiddleware
  readonly dispatcher: Dispatcher
  readonly publisher: Publisher
  readonly pacing: Pacing
  readonly credentials: () => AppCredentials
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}

/** A whole service of its own over the store that all tenants share: keys, routes, queues, workers. */
export class Tenant {
  readonly application: Application
  readonly announcements: Announcements
  /** His application of the Pusher protocol; it has no credentials until he makes them. */
  readonly pusher: PusherApp
  readonly #services: Services
  readonly #manager: BroadcastManager
  readonly #routes: ReadonlyMap<string, { run(context: never): Promise<unknown> }>
  readonly #begin: (pollMs: number) => Promise<void>
  readonly #end: (deadlineMs: number) => Promise<void>

  constructor(name: string, parts: TenantParts) {
    const { config, store, bus, clock, log, metrics, middleware } = parts
    const keys = keysOfTenant(name)
    const base = { store, bus, keys, clock, log }
    const publisher = publisherOf(name, parts.publisher)
    const core = createCore({
      ...{ ...base, config, publisher, metrics },
      broadcaster: () => this.#manager,
      own: {
        broadcastConnection: 'gateway',
        alertWebhooks: [],
        webhookSecrets: [],
        linkBase: () => `${publicUrl(config)}/t/${name}`,
      },
    })
    const { services, announcements, unreadTopic } = core
    const standing = new Standing(services)
    const rules = new ChannelRules<Principal>()
    broadcastChannels({ channels: rules, standing, guardAdmin: config.broadcast.guardAdmin })
    const access = new ChannelAccess({ rules, standing, isOpen: false, tenant: name })
    const { cache, desk, questions } = createDesk({ ...base, services })
    const app = new TenantApp({ ...base, tenant: name })
    let sealing = parts.credentials
    this.#manager = createBroadcasts({
      ...{ ...base, publisher, metrics, announce: null, bell: services.bell },
      config: { ...config, broadcast: { ...config.broadcast, driver: 'gateway', pusher: null } },
      broadcasting: () => ({ desk, credentials: sealing() }),
    })
    this.#services = services
    this.announcements = announcements
    this.application = gatewayApplication({ services, broadcasting: { access, standing }, ...base })
    this.pusher = {
      ...{ application: this.application, cache, nobody: null, news: null },
      credentials: () => app.credentials(),
      identify: async (user, claims) => access.identify(user, claims),
    }
    const topics = createTopics(services, middleware)
    const tickets = new Tickets({ store, keys: new Keys(), clock })
    const api = createApi({ ...parts, ...base, services, tickets, topics, app, operator: null })
    const gateways = {
      clients: questions.clients.bind(questions),
      dismiss: (id: string) => services.realtime.dismiss(id),
    }
    const connected = new ConnectedSessions({ ...base, sessions: services.sessions, gateways })
    const connections = new ConnectionController({ connections: connected })
    connectionRoutes({ router: api, ...middleware, connections })
    broadcastingRoutes({
      ...{ router: api, ...middleware },
      // Whoever comes here has been heard by the signature that the default tenant's route asks for.
      signature: (_, next) => next(),
      broadcasting: new BroadcastingController({ credentials: () => app.newest(), access }),
      pusher: new PusherController({ desk }),
    })
    const table = [...topics.table, ...api.table]
    this.#routes = new Map(table.map((route) => [route.pattern, route]))

    const providers = createProviders({
      ...{ ...parts, ...base, services, publisher, breakers: new Breakers({ clock, log }) },
      // Who calls us back there does not say of which tenant he speaks.
      config: { ...config, http: { ...config.http, publicUrl: null } },
    })
    addBroadcastProviders(providers, {
      ...{ config, clock, manager: this.#manager, credentials: parts.credentials },
    })
    const housekeeper = new Housekeeper({ ...base, services })
    let workers: ReturnType<typeof createWorkers> = []
    this.#begin = async (pollMs) => {
      const encryptionKey = await app.encryptionKey()
      const sealer = new AppCredentials({ id: app.id, key: '', secret: '', encryptionKey })
      sealing = () => sealer
      await services.activity.start()
      await services.queueRoutes.open(services.queueNames)
      if (!config.roles.has('worker')) return
      const { onOutcome } = announcements
      const around = <Result>(work: () => Result) => this.within(work)
      const queue = { ...config.queue, reaperMs: Math.max(config.queue.reaperMs, pollMs) }
      const run = { ...base, services, providers, queue, onOutcome, pollMs, around }
      workers = createWorkers(run)
      await Promise.all(workers.map((worker) => worker.start()))
      housekeeper.start()
    }
    this.#end = async (deadlineMs) => {
      housekeeper.stop()
      await Promise.allSettled([
        ...workers.map((worker) => worker.stop(deadlineMs)),
        unreadTopic.stop(),
        questions.stop(),
        services.activity.stop(),
      ])
      await Promise.allSettled([...providers.values()].map((provider) => provider.close?.()))
    }
  }

  /** Takes up the tenant's work, if this process works; looks for it every `pollMs`, and at once when told. */
  start(pollMs: number): Promise<void> {
    return this.#begin(pollMs)
  }

  stop(deadlineMs: number): Promise<void> {
    return this.#end(deadlineMs)
  }

  /** Does what the tenant's own route does. Throws `Forbidden` where he has none. */
  async serve(context: Context | HttpContext, route = context.route): Promise<unknown> {
    const own = this.#routes.get(route)
    if (own === undefined) {
      throw new Forbidden(`${route} is for the operator of the service, not for its tenants.`)
    }
    return this.within(() => own.run(context as never))
  }

  /** Does a piece of work in which static calls mean this tenant. */
  within<Result>(work: () => Result): Result {
    return withStaticCalls(this.#services, this.#manager, work)
  }
}

/** A tenant's topics are under `t/<tenant>/`; answers go where a sender of his may ask for them. */
function publisherOf(tenant: string, publisher: Publisher): Publisher {
  return {
    publish: (topic, payload, options) =>
      publisher.publish(tenantTopic(tenant, topic), payload, options),
  }
}

function publicUrl({ http }: Config): string {
  return http.publicUrl ?? publicUrlOf(http.host, http.port)
}
