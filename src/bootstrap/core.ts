import { UnreadCounts } from '../../services/notifications/unread-counts.ts'
import { UnreadTopic } from '../../services/notifications/unread-topic.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { type Config, publicUrlOf } from '../config.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import { actionTopics } from './action-topics.ts'
import { Announcements } from './announcements.ts'
import { createServices, type Ingredients, type Services } from './services.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly bus: Bus
  /** Of the tenant that it is for. */
  readonly keys: Keys
  /** Where the tenant's own topics are. */
  readonly publisher: Publisher
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
  /** Made later than this. */
  readonly broadcaster: () => BroadcastManager
  /** What differs from what the configuration says. */
  readonly own: Partial<Ingredients>
}

/** Everything that serves one tenant, before anything comes in or goes out. */
export interface Core {
  readonly services: Services
  readonly announcements: Announcements
  readonly unreadTopic: UnreadTopic
}

/** The services of a tenant, and how the outside is told of what they do. */
export function createCore({ config, publisher, metrics, own, ...base }: Parts): Core {
  const { clock, log } = base
  const count = (user: string) => services.inbox.unreadCount(user)
  const tell = (user: string, unread: number) =>
    services.realtime.signal(user, 'unread_count', JSON.stringify({ count: unread }))
  const unreadCounts = new UnreadCounts({ count, tell, clock, log })
  const onChanged = (user: string) => unreadCounts.changed(user)
  const unreadTopic = new UnreadTopic({ publish: publisher.publish, count, onChanged, clock, log })
  const announcements = new Announcements({
    ...{ publisher, unreadTopic, metrics, log },
    services: () => services,
  })
  const { onStored, onMarked, onAlertNews } = announcements
  const services: Services = createServices({
    ...{ ...base, onStored, onMarked, onAlertNews },
    retention: config.retention,
    locale: config.locale,
    timezone: config.timezone,
    publicUrl: () => config.http.publicUrl ?? publicUrlOf(config.http.host, config.http.port),
    alertWebhooks: config.providers.alertWebhooks,
    webhookSecrets: config.providers.webhookSecrets,
    broadcastConnection: config.broadcast.driver,
    mayPublish: actionTopics(config.actionTopics),
    onUnread: (user) => unreadTopic.changed(user),
    onErased: (user) => unreadTopic.forget(user),
    onRepeated: () => metrics.duplicates.inc(),
    auditDays: config.auditDays,
    queueRoutes: config.queue.routes,
    events: config.events,
    ...own,
  })
  return { services, announcements, unreadTopic }
}
