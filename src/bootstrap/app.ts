import { hostname } from 'node:os'
import { authenticate } from '../../middleware/authenticate.ts'
import { notificationFilter } from '../../middleware/notification-filter.ts'
import { rateLimit } from '../../middleware/rate-limit.ts'
import { AccessService } from '../../services/access-service.ts'
import type { AlertNews } from '../../services/alert-service.ts'
import { UnreadTopic } from '../../services/unread-topic.ts'
import type { Config } from '../config.ts'
import { Dispatcher } from '../mqtt/dispatcher.ts'
import type { Refusal } from '../mqtt/refusal.ts'
import { Keys } from '../store/keys.ts'
import { type Clock, isoTime, systemClock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import { createLogger, type Logger } from '../support/logger.ts'
import { Metrics } from '../support/metrics.ts'
import { createChecks } from './checks.ts'
import { Housekeeper } from './housekeeper.ts'
import { LatePublisher } from './late-publisher.ts'
import { openStore } from './open-store.ts'
import { createProviders } from './providers.ts'
import { createServices, type Services } from './services.ts'
import { type RunningBroker, startBroker } from './start-broker.ts'
import { type RunningHttp, startHttp } from './start-http.ts'
import { createTopics } from './topics.ts'
import { version } from './version.ts'
import { createWorkers } from './workers.ts'

export interface AppOptions {
  readonly config: Config
  readonly log?: Logger
  readonly clock?: Clock
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
    return await assemble(config, { clock, log, undo })
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined)
    throw error
  }
}

interface Making {
  readonly clock: Clock
  readonly log: Logger
  /** How to take back what was started so far. */
  readonly undo: (() => Promise<void>)[]
}

async function assemble(config: Config, { clock, log, undo }: Making): Promise<App> {
  const has = (role: 'router' | 'worker' | 'gateway' | 'api') => config.roles.has(role)
  const { store, bus } = await openStore(config, { clock, log })
  undo.push(async () => {
    await bus.close()
    await store.close()
  })
  const keys = new Keys()
  const metrics = new Metrics({ process: true })
  const publisher = new LatePublisher()
  const unreadTopic = new UnreadTopic({
    publish: publisher.publish,
    count: (user) => services.inbox.unreadCount(user),
    clock,
    log,
  })
  const services: Services = createServices({
    ...{ store, bus, keys, clock, log },
    retention: config.retention,
    onAlertNews: (news) => announce(news),
    onUnread: (user) => unreadTopic.changed(user),
  })
  const announce = ({ event, alert }: AlertNews) => {
    const text = JSON.stringify({ event, alert })
    services.realtime.broadcast('alerts', `alert.${event}`, text)
    publisher.publish('notifications/alerts/updates', text, { qos: 1 }).catch((error) => {
      log.warn({ err: error, alert: alert.id }, 'an alert update was not published')
    })
  }
  const access = new AccessService({ store, keys, clock, settings: config.auth })
  const firstKey = await access.bootstrap()

  const middleware = {
    authenticate: authenticate({ access, looksLikeCredential: AccessService.looksLikeCredential }),
    rateLimit: rateLimit({ store, clock, limit: config.rateLimit }),
    filter: notificationFilter({ clock }),
  }
  const router = createTopics(services, middleware)
  const onRefused = async (refusal: Refusal) => {
    metrics.refused.inc({ door: 'mqtt', code: refusal.code })
    const letter = await services.deadLetters.add({ ...refusal, door: 'mqtt' })
    if (refusal.code === 'filtered') return
    const { topic, error, at } = letter
    await publisher
      .publish('notifications/errors', JSON.stringify({ id: letter.id, topic, error, at }))
      .catch((failure) => log.debug({ err: failure }, 'a refusal was not published'))
  }
  let isStopping = false
  const dispatcher = new Dispatcher({
    ...{ router, publisher, clock, log, onRefused },
    prefix: config.mqtt.prefix,
    abandoned: () => isStopping,
  })

  let broker: RunningBroker | null = null
  const http = await startHttp({
    ...{ config, services, access, middleware, dispatcher, store, bus, keys, metrics, clock, log },
    version: version(),
    topics: router,
    checks: createChecks({ config, store, broker: () => broker }),
  })
  undo.push(() => http.stop(1000))

  broker = has('router')
    ? await startBroker({
        ...{ config, router, store, clock, log, onRefused },
        node: `${hostname()}-${http.port}`,
        intake: dispatcher.dispatch,
        authenticate: (username, password) => access.login(username ?? '', password ?? ''),
      })
    : null
  if (broker) {
    publisher.use(broker.publisher)
    const started = broker
    undo.push(() => started.stop(1000))
  }

  const providers = createProviders({ config, outbox: services.outbox, publisher, clock })
  const workers = has('worker')
    ? createWorkers({
        ...{ store, bus, keys, clock, log, services, providers },
        queue: config.queue,
        onOutcome: ({ channel }, provider, { status }) =>
          metrics.deliveries.inc({ channel, provider, outcome: status }),
      })
    : []
  await Promise.all(workers.map((worker) => worker.start()))
  const housekeeper = new Housekeeper({ store, clock, log, services })
  if (has('worker')) housekeeper.start()
  await services.activity.start()

  const stop = async () => {
    isStopping = true
    const endsAt = performance.now() + config.shutdownMs
    const left = (share = 1) => Math.max(100, (endsAt - performance.now()) * share)
    housekeeper.stop()
    const ends = [
      broker?.stop(left(0.8)),
      http.stop(left(0.8)),
      ...workers.map((worker) => worker.stop(left(0.7))),
      unreadTopic.stop(),
    ]
    for (const result of await Promise.allSettled(ends)) {
      if (result.status === 'rejected') log.warn({ reason: messageOf(result.reason) }, 'stopping')
    }
    await Promise.allSettled([...providers.values()].map((provider) => provider.close?.()))
    await bus.close()
    await store.close()
    log.info({ at: isoTime(clock.now()) }, 'stopped')
  }
  const storeDescription = store.description
  return { config, services, broker, http, storeDescription, firstKey, stop }
}
