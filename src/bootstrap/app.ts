import { hostname } from 'node:os'
import { byTenant } from '../../middleware/by-tenant.ts'
import { AccessService, type OwnAuthenticate } from '../../services/access/access-service.ts'
import { Breakers } from '../../services/channels/breakers.ts'
import type { OwnDirectory } from '../../services/directory/own-directory.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import type { Config } from '../config.ts'
import { Dispatcher } from '../mqtt/dispatcher.ts'
import { Keys } from '../store/keys.ts'
import { type Clock, systemClock } from '../support/clock.ts'
import { createLogger, type Logger } from '../support/logger.ts'
import { Metrics } from '../support/metrics.ts'
import { addBroadcastProviders } from './broadcast-providers.ts'
import { createBroadcasts } from './broadcasts.ts'
import { createChecks } from './checks.ts'
import { createCore } from './core.ts'
import { startDeadman } from './deadman.ts'
import { fillBreakerGauge, fillGauges } from './gauges.ts'
import { Housekeeper } from './housekeeper.ts'
import { LatePublisher } from './late-publisher.ts'
import { createMiddleware } from './middleware.ts'
import { mqttLogin } from './mqtt-login.ts'
import { openStore } from './open-store.ts'
import { Additions, type DefineRoutes } from './own-app.ts'
import { pacingBy } from './pacing.ts'
import { createProviders } from './providers.ts'
import { refusals } from './refusals.ts'
import { insistOn, type Reload, reloader } from './reload.ts'
import { Rules } from './rules.ts'
import type { Services } from './services.ts'
import { type RunningBroker, startBroker } from './start-broker.ts'
import { type RunningHttp, startHttp } from './start-http.ts'
import { takeStaticCalls } from './static-calls.ts'
import { stopApp } from './stop-app.ts'
import { Tenant } from './tenant.ts'
import { Tenants } from './tenants.ts'
import { createTopics } from './topics.ts'
import { version } from './version.ts'
import { watchHeartbeats } from './watch-heartbeats.ts'
import { createWorkers } from './workers.ts'

export interface AppOptions {
  readonly config: Config
  readonly log?: Logger
  readonly clock?: Clock
  /** What the program that we are part of declares. */
  readonly routes?: DefineRoutes
  readonly directory?: OwnDirectory
  readonly authenticate?: OwnAuthenticate
  /** Whether another server listens for us. */
  readonly isAttached?: boolean
}

/** A running service: what `npm start` starts. */
export interface App {
  readonly config: Config
  readonly services: Services
  readonly broker: RunningBroker | null
  readonly http: RunningHttp
  /** What the store is, without credentials. */
  readonly storeDescription: string
  /** The first API key, made at this start because there was none; shown once. */
  readonly firstKey: string | null
  /** Reads again what files say. */
  readonly reload: Reload
  /** Ends what is under way and stops, within `SHUTDOWN_SECONDS`. */
  stop(): Promise<void>
}

/**
 * Starts every part that this process's roles ask for, from the store outwards;
 * stopping goes the other way, so that nothing is taken in that could not be kept.
 */
export async function startApp({ config, ...given }: AppOptions): Promise<App> {
  const clock = given.clock ?? systemClock
  const log = given.log ?? createLogger(config.logLevel)
  const undo: (() => Promise<void>)[] = []
  try {
    return await assemble(config, { ...given, clock, log, undo })
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined)
    throw error
  }
}

interface Making extends Omit<AppOptions, 'config'> {
  readonly clock: Clock
  readonly log: Logger
  /** How to take back what was started so far. */
  readonly undo: (() => Promise<void>)[]
}

async function assemble(config: Config, making: Making): Promise<App> {
  const { clock, log, undo } = making
  const { store, bus, announce } = await openStore(config, { clock, log })
  undo.push(async () => {
    await bus.close()
    await store.close()
  })
  const keys = new Keys()
  const metrics = new Metrics({ process: true })
  const publisher = new LatePublisher()
  const core = createCore({
    ...{ config, store, bus, keys, publisher, metrics, clock, log },
    broadcaster: () => manager,
    own: making.directory ? { ownDirectory: making.directory } : {},
  })
  const { services, announcements, unreadTopic } = core
  const { onOutcome } = announcements
  const manager: BroadcastManager = createBroadcasts({
    ...{ config, announce, publisher, metrics, store, keys, clock, log, bell: services.bell },
    broadcasting: () => http.broadcasting,
  })
  const detach = takeStaticCalls(services, manager)
  undo.push(async () => detach())
  const access = new AccessService({
    store,
    keys,
    clock,
    settings: accessSettings(config, making.authenticate),
  })
  const firstKey = await access.bootstrap()
  const plain = createMiddleware({
    ...{ config, access, store, clock, metrics },
    filters: () => rules.filters,
  })
  const pacing = pacingBy(config.providers.rates, clock)
  const tenants: Tenants = new Tenants({
    ...{ store, bus, clock, log },
    make: (name) => new Tenant(name, { ...shared, middleware: plain, dispatcher }),
  })
  const credentials = () => http.broadcasting.credentials
  const shared = { config, credentials, store, bus, access, publisher, pacing, metrics, clock, log }
  const middleware = { ...plain, authenticate: byTenant(plain.authenticate, tenants.serve) }
  const { onRefused, onRequestRefused } = refusals(announcements, { tenants, log })
  const topics = createTopics(services, middleware)
  const rules = new Rules({ ...services, file: config.rulesFile, router: topics, clock, log })
  const reload = reloader({ templatesDir: config.templatesDir, services, rules, log })
  insistOn(await reload())
  let isStopping = false
  const { prefix } = config.mqtt
  const abandoned = () => isStopping
  const dispatcher = new Dispatcher({
    ...{ router: topics, publisher, clock, log, metrics, onRefused, prefix, abandoned },
  })

  const additions = new Additions(services)
  const breakers = new Breakers({ clock, log })
  let broker: RunningBroker | null = null
  const http: RunningHttp = await startHttp({
    ...{ config, services, access, middleware, topics, dispatcher, store, bus, keys, manager },
    ...{ metrics, clock, log, reload, rules, tenants, version: version() },
    checks: createChecks({ config, store, breakers, broker: () => broker }),
    onRefused: onRequestRefused,
    ...{ additions, routes: making.routes, isAttached: making.isAttached },
  })
  undo.push(() => http.stop(1000))

  broker = await startBroker({
    ...{ config, router: topics, store, clock, log, onRefused },
    node: `${hostname()}-${http.port}`,
    intake: dispatcher.dispatch,
    authenticate: mqttLogin(access),
  })
  const running = broker
  undo.push(async () => running?.stop(1000))
  if (broker) publisher.use(broker.publisher)
  if (broker) rules.takeKeptFrom(broker.offerKept)
  const watch = watchHeartbeats({ config, services, rules, store, keys, clock, log, broker })

  const providers = createProviders({
    ...{ config, services, publisher, store, keys, breakers, pacing, clock, log },
  })
  addBroadcastProviders(providers, { config, manager, credentials, clock })
  for (const [name, provider] of additions.providers) providers.set(name, provider)
  const { queue } = config
  const workers = config.roles.has('worker')
    ? createWorkers({ store, bus, keys, clock, log, services, providers, queue, onOutcome })
    : []
  await Promise.all(workers.map((worker) => worker.start()))
  const housekeeper = new Housekeeper({ store, clock, log, services })
  if (config.roles.has('worker')) housekeeper.start()
  await services.activity.start()
  await services.queueRoutes.open(services.queueNames)
  await tenants.start()
  const deadman = startDeadman({ url: config.deadmanUrl, store, broker, workers, clock, log })

  fillGauges(metrics, services, store)
  fillBreakerGauge(metrics, breakers)
  metrics.onScrape(() => metrics.brokerUp.set({}, running?.isConnected() ? 1 : 0))

  const parts = {
    ...{ broker, http, workers, housekeeper, unreadTopic, providers, tenants, bus, store, log },
  }
  return {
    ...{ config, services, broker, http, firstKey, reload },
    storeDescription: store.description,
    stop() {
      isStopping = true
      watch.stop()
      void deadman.stop()
      detach()
      return stopApp(parts, config.shutdownMs)
    },
  }
}

/** Whoever brings credentials of his own wants them shown. */
function accessSettings({ auth }: Config, own: OwnAuthenticate | undefined) {
  return own === undefined ? auth : { ...auth, mode: 'token' as const, own }
}
