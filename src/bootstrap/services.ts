import { domainEvents } from '../../routers/domain-events.ts'
import { keptSecret } from '../../services/access/kept-secret.ts'
import type { AlertNews } from '../../services/alerts/alert-record.ts'
import { Announcements } from '../../services/broadcasts/announcements.ts'
import { BroadcastLog } from '../../services/broadcasts/broadcast-log.ts'
import { EventBroadcasts } from '../../services/broadcasts/event-broadcasts.ts'
import { NotificationBroadcaster } from '../../services/broadcasts/notification-broadcaster.ts'
import { personalBroadcasts } from '../../services/broadcasts/personal-broadcasts.ts'
import { Cancellation } from '../../services/deliveries/cancellation.ts'
import { HookState } from '../../services/deliveries/hook-state.ts'
import { Outbox } from '../../services/deliveries/outbox.ts'
import { QueueAdmin } from '../../services/deliveries/queue-admin.ts'
import { QueueNames } from '../../services/deliveries/queue-names.ts'
import { type QueueRoute, QueueRoutes } from '../../services/deliveries/queue-routes.ts'
import { WebhookSecrets } from '../../services/deliveries/webhook-secrets.ts'
import type { OwnDirectory } from '../../services/directory/own-directory.ts'
import { PersonalData } from '../../services/directory/personal-data.ts'
import { Escalating } from '../../services/flows/escalating.ts'
import { FollowUps } from '../../services/flows/follow-ups.ts'
import { Receipts } from '../../services/flows/receipts.ts'
import { RecurrenceWork } from '../../services/flows/recurrence-work.ts'
import { Recurrences } from '../../services/flows/recurrences.ts'
import { Traces } from '../../services/flows/traces.ts'
import { AlertIntake } from '../../services/hooks/alert-intake.ts'
import { SlackAnswers } from '../../services/hooks/slack-answers.ts'
import { LinkService } from '../../services/links/link-service.ts'
import { LinkSigner } from '../../services/links/link-signer.ts'
import { Acceptance } from '../../services/notifications/acceptance.ts'
import { BroadcastService } from '../../services/notifications/broadcast-service.ts'
import { DirectService } from '../../services/notifications/direct-service.ts'
import { InboxService } from '../../services/notifications/inbox-service.ts'
import { NotificationActions } from '../../services/notifications/notification-actions.ts'
import type { NotificationRecord } from '../../services/notifications/notification-record.ts'
import { NotificationService } from '../../services/notifications/notification-service.ts'
import { Recall } from '../../services/notifications/recall.ts'
import type { Retention } from '../../services/notifications/retention.ts'
import { Activity } from '../../services/operations/activity.ts'
import { AuditLog } from '../../services/operations/audit-log.ts'
import { DeadLetters } from '../../services/operations/dead-letters.ts'
import { OutboxRelease } from '../../services/operations/outbox-release.ts'
import { StatusService } from '../../services/operations/status-service.ts'
import { ToldSessions } from '../../services/sessions/told-sessions.ts'
import { Statistics } from '../../services/statistics/statistics.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { RealtimeBus } from '../gateway/realtime-bus.ts'
import { Bell } from '../queue/bell.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { type Alerting, createAlerting } from './alerting.ts'
import { createEventTypes, type EventSettings } from './event-settings.ts'
import { createEventing } from './eventing.ts'
import { createPeople } from './people.ts'
import { createRuling } from './ruling.ts'
import { createTelephone } from './telephone.ts'
import { createTemplates } from './templates.ts'

export interface Ingredients {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly retention: Retention
  /** Of people who did not say theirs. */
  readonly locale?: string
  readonly timezone?: string
  /** Secrets that sign webhooks, newest first; none: one is generated. */
  readonly webhookSecrets?: readonly string[]
  /** What our addresses begin with from outside. */
  readonly publicUrl?: () => string
  /** What signed links begin with. Default: `publicUrl`. */
  readonly linkBase?: () => string
  /** Who is told of every change of an alert. */
  readonly alertWebhooks?: readonly string[]
  /** Types of notifications that have a queue of their own. */
  readonly queueRoutes?: readonly QueueRoute[]
  /** By which driver broadcasts go (`BROADCAST_CONNECTION`). Default: our own gateway. */
  readonly broadcastConnection?: string
  /** On which topics the actions of notifications may publish. Default: none. */
  readonly mayPublish?: (topic: string) => boolean
  /** Told after every change of an alert's state. */
  readonly onAlertNews?: (news: AlertNews) => void
  /** Told of every notification that was stored. */
  readonly onStored?: (record: NotificationRecord, isWatched: boolean) => void
  /** Told of what somebody did with a notification: `read`, `archived` and so on. */
  readonly onMarked?: (change: string, record: NotificationRecord) => void
  readonly events?: EventSettings
  /** Where else profiles of users come from. */
  readonly ownDirectory?: OwnDirectory
  /** What broadcasts; made later than this. */
  readonly broadcaster?: () => BroadcastManager
  /** Told whenever a user's unread count may have changed. */
  readonly onUnread?: (user: string) => void
  /** Told of whoever was erased. */
  readonly onErased?: (user: string) => void
  /** How long the audit log keeps an entry, in days. */
  readonly auditDays?: number
  /** Told of every message that had had its effect before. */
  readonly onRepeated?: () => void
}

export type Services = ReturnType<typeof createServices>

/** Everything that decides and does, wired by hand. */
export function createServices(ingredients: Ingredients) {
  const { store, bus, keys, clock, log, onAlertNews = () => {}, ...rest } = ingredients
  const { publicUrl = () => 'http://127.0.0.1:8080', alertWebhooks = [] } = ingredients
  const bell = new Bell({ bus, log })
  const realtime = new RealtimeBus({ bus, scope: keys.scope, now: () => clock.now(), log })
  const broadcast = (channel: string, event: string, data: object) => {
    realtime.broadcast(channel, event, JSON.stringify(data))
  }
  const activity = new Activity({ bus, clock, log, broadcast })
  const queueRoutes = new QueueRoutes(ingredients.queueRoutes)
  const base = { ...rest, store, keys, clock, log, realtime, queueRoutes, tell: activity.record }
  const connection = ingredients.broadcastConnection ?? 'gateway'
  const announcements = new Announcements({ ...base, broadcast, connection })

  const acceptance = new Acceptance({ ...base, bell })
  const people = createPeople({ ...base, bus, own: ingredients.ownDirectory })
  const { memberships, directory } = people
  const sessions = new ToldSessions(base)
  const recall = new Recall({ ...base, directory })
  const inbox = new InboxService({ ...base, recall })
  const { templates, templateRenderer, templateCatalog } = createTemplates({ ...base, bus })
  const { eventTypes, typeRules } = createEventTypes({ ...base, bus })
  const notifications = new NotificationService({
    ...base,
    typeRules,
    directory,
    acceptance,
    personalBroadcasts: personalBroadcasts({ keys, connection }),
    templates: templateRenderer,
  })
  const broadcasts = new BroadcastService({
    ...base,
    directory,
    memberships,
    acceptance,
    notifications,
    templates: templateRenderer,
    typeRules,
    broadcast,
  })
  const ackReceipts = new Receipts(base)
  const escalating = new Escalating({ ...base, directory, receipts: ackReceipts, typeRules })
  const following = { ...base, notifications, escalating, templates: templateRenderer }
  const followUps = new FollowUps(following)
  const recurring = {
    ...{ ...base, bell, acceptance, directory, broadcasts, templates: templateRenderer },
  }
  const recurrences = new Recurrences(recurring)
  const recurrenceWork = new RecurrenceWork(recurring)
  const traces = new Traces(base)
  const statistics = new Statistics(base)
  const direct = new DirectService({ ...base, acceptance })
  const alerting: Alerting = createAlerting({
    ...{ ...base, bell, acceptance, directory, direct, memberships, notifications },
    ...{ announcements, publicUrl, alertWebhooks, onNews: onAlertNews },
  })
  const status = new StatusService({ ...base, acceptance, announcements })
  const audit = new AuditLog(base)
  const queueNames = new QueueNames({ store, keys, bus })
  const queues = new QueueAdmin({ ...base, bell, queueNames })
  const eventing = createEventing({
    ...{ ...base, bell, acceptance, directory, notifications, queues, queueNames },
    ...{ templateCatalog, eventTypes },
  })
  const { events } = eventing
  const ruling = createRuling({
    ...{ ...base, ...alerting, bell, notifications, broadcasts, direct, events },
  })
  const deadLetters = new DeadLetters(base)
  const outbox = new Outbox(base)
  const hooks = new HookState(base)
  const webhookSecrets = new WebhookSecrets({
    ...{ store, keys, directory },
    configured: ingredients.webhookSecrets ?? [],
  })
  const { alertActions, maintenance } = alerting
  const broadcastLog = new BroadcastLog({ store, keys })
  const broadcaster = new NotificationBroadcaster({
    ...{ ...base, acceptance, broadcasts, broadcastLog, maintenance, notifications },
    connection,
  })
  const eventBroadcasts = { events: domainEvents(), broadcaster, broadcastLog, clock }
  events.onRecord(new EventBroadcasts(eventBroadcasts).effects)
  const telephone = createTelephone({
    ...{ store, keys, clock, directory, queues, alertActions },
    alertStore: alerting.alertStore,
  })
  const linkSigner = new LinkSigner({
    secret: () => keptSecret({ store, keys }, 'link_secret'),
    publicUrl: ingredients.linkBase ?? publicUrl,
  })
  const links = new LinkService({ ...base, ...alerting, signer: linkSigner, directory, inbox })
  const { mayPublish = () => false } = ingredients
  const actions = new NotificationActions({ ...base, inbox, alertActions, events, mayPublish })
  const personalData = new PersonalData({ ...base, audit, directory, memberships, inbox, sessions })
  return {
    acceptance,
    actions,
    activity,
    audit,
    ...alerting,
    alertIntake: new AlertIntake(alerting),
    bell,
    broadcaster,
    broadcastLog,
    broadcasts,
    cancellation: new Cancellation(base),
    deadLetters,
    direct,
    ...people,
    ...eventing,
    ...{ eventTypes, typeRules },
    followUps,
    hooks,
    inbox,
    links,
    linkSigner,
    notifications,
    outbox,
    outboxRelease: new OutboxRelease({ outbox, queues, direct }),
    personalData,
    queueNames,
    queueRoutes,
    queues,
    realtime,
    recall,
    recurrences,
    recurrenceWork,
    ackReceipts,
    sessions,
    slackAnswers: new SlackAnswers({ ...alerting, directory }),
    statistics,
    status,
    ...ruling,
    ...telephone,
    templates,
    templateRenderer,
    traces,
    webhookSecrets,
  }
}
