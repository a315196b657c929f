import { AccessController } from '../../controllers/access-controller.ts'
import { AlertController } from '../../controllers/alert-controller.ts'
import { AppController } from '../../controllers/app-controller.ts'
import { AuditController } from '../../controllers/audit-controller.ts'
import { DeliveryController } from '../../controllers/delivery-controller.ts'
import { EventController } from '../../controllers/event-controller.ts'
import { FlowController } from '../../controllers/flow-controller.ts'
import { HeartbeatController } from '../../controllers/heartbeat-controller.ts'
import { HookController } from '../../controllers/hook-controller.ts'
import { InboundHookController } from '../../controllers/inbound-hook-controller.ts'
import { InboxApiController } from '../../controllers/inbox-api-controller.ts'
import { InhibitionController } from '../../controllers/inhibition-controller.ts'
import { LinkController } from '../../controllers/link-controller.ts'
import { OnCallController } from '../../controllers/on-call-controller.ts'
import { OperationsController } from '../../controllers/operations-controller.ts'
import { PreferenceController } from '../../controllers/preference-controller.ts'
import { RecurrenceController } from '../../controllers/recurrence-controller.ts'
import { RehearsalController } from '../../controllers/rehearsal-controller.ts'
import { ReleaseController } from '../../controllers/release-controller.ts'
import { SendController } from '../../controllers/send-controller.ts'
import { ServiceController } from '../../controllers/service-controller.ts'
import { SilenceController } from '../../controllers/silence-controller.ts'
import { SlackController } from '../../controllers/slack-controller.ts'
import { TemplateController } from '../../controllers/template-controller.ts'
import { TraceController } from '../../controllers/trace-controller.ts'
import { TwilioController } from '../../controllers/twilio-controller.ts'
import { UserController } from '../../controllers/user-controller.ts'
import { audit } from '../../middleware/audit.ts'
import { idempotency } from '../../middleware/idempotency.ts'
import { signedBySlack } from '../../middleware/signed-by-slack.ts'
import { signedByTwilio } from '../../middleware/signed-by-twilio.ts'
import { apiRoutes } from '../../routers/api.ts'
import { auditRoutes } from '../../routers/audit.ts'
import { heartbeatRoutes } from '../../routers/heartbeats.ts'
import { inboundHooks, slackHook, twilioHooks } from '../../routers/hooks.ts'
import { linkRoutes } from '../../routers/links.ts'
import { onCallRoutes } from '../../routers/on-call.ts'
import { reloadRoute } from '../../routers/reload.ts'
import { silenceRoutes } from '../../routers/silences.ts'
import type { AccessService } from '../../services/access/access-service.ts'
import type { OwnApp } from '../../services/access/tenant-app.ts'
import type { Tickets } from '../../services/access/tickets.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { Rehearsal } from '../../services/notifications/rehearsal.ts'
import { type Config, publicUrlOf } from '../config.ts'
import { HttpRouter } from '../http/http-router.ts'
import type { Dispatcher } from '../mqtt/dispatcher.ts'
import { dryRun } from '../mqtt/dry-run.ts'
import type { Router } from '../mqtt/router.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Reload } from './reload.ts'
import type { Rules } from './rules.ts'
import type { Services } from './services.ts'
import { slackUpdates } from './slack-updates.ts'
import type { TopicMiddleware } from './topics.ts'

export interface ApiParts {
  readonly services: Services
  readonly access: AccessService
  readonly tickets: Tickets
  readonly middleware: TopicMiddleware
  /** The MQTT routes, to be looked at and tried. */
  readonly topics: Router
  readonly dispatcher: Dispatcher
  readonly config: Pick<Config, 'timezone' | 'http' | 'providers'>
  /** The application that Pusher clients connect to. */
  readonly app: OwnApp
  /** What only the operator of the service has: files, monitors, telephone; `null` for a tenant. */
  readonly operator: { readonly reload: Reload; readonly rules: Pick<Rules, 'refresh'> } | null
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
}

/** Everything under `/api`, with its controllers. */
export function createApi(parts: ApiParts): HttpRouter {
  const { services, access, tickets, middleware, topics, dispatcher, store, keys, clock, log } =
    parts
  const router: HttpRouter = new HttpRouter({
    around: audit({ log: services.audit, routes: () => router.table }),
  })
  const hallway = { router, ...middleware, idempotency: idempotency({ store }) }
  onCallRoutes({ ...hallway, onCall: new OnCallController(services) })
  silenceRoutes({
    ...hallway,
    silences: new SilenceController(services),
    inhibitions: new InhibitionController(services),
  })
  const service = new ServiceController({
    ...services,
    routeTable: () => topics.routes,
    dryRun: (message) => dryRun({ ...message, router: topics, clock, log }),
    publish: (message) => dispatcher.dispatch({ ...ORDINARY, ...message, peer: 'http' }),
  })
  apiRoutes({
    ...hallway,
    access: new AccessController({ access, tickets }),
    app: new AppController(parts),
    alerts: new AlertController(services),
    deliveries: new DeliveryController(services),
    events: new EventController(services),
    flows: new FlowController(services),
    hooks: new HookController(services),
    inbox: new InboxApiController(services),
    operations: new OperationsController({
      ...services,
      replay: (message) => dispatcher.dispatch({ ...ORDINARY, ...message }),
    }),
    preferences: new PreferenceController({
      directory: services.directory,
      defaults: services.preferenceDefaults,
      clock,
      timezone: parts.config.timezone,
    }),
    release: new ReleaseController(services),
    rehearsal: new RehearsalController({ ...services, rehearsal: rehearsalOf(parts) }),
    recurrences: new RecurrenceController({ ...services, timezone: parts.config.timezone }),
    send: new SendController({
      ...services,
      clock,
      scope: keys.scope,
      partitions: store.partitions,
    }),
    service,
    templates: new TemplateController(services),
    traces: new TraceController({ ...services, clock, overview: service.stats }),
    users: new UserController(services),
  })
  inboundHooks({ ...hallway, hooks: new InboundHookController(services) })
  auditRoutes({ ...hallway, audit: new AuditController(services) })
  linkRoutes({ router, links: new LinkController(services) })
  if (parts.operator === null) return router
  const { reload, rules } = parts.operator
  const onChanged = () => rules.refresh()
  const heartbeats = new HeartbeatController({ documents: services.monitors, onChanged })
  heartbeatRoutes({ ...hallway, heartbeats })
  reloadRoute(router, { authenticate: middleware.authenticate, reload })
  addTwilioHooks(router, parts)
  addSlackHook(router, parts)
  return router
}

function rehearsalOf({ services, config, clock, keys }: ApiParts): Rehearsal {
  const { directory, typeRules, templateRenderer: templates } = services
  const { timezone, providers } = config
  return new Rehearsal({
    clock,
    keys,
    directory,
    templates,
    typeRules,
    timezone,
    mailFrom: providers.mailFrom,
  })
}

/** Only an account can be asked whether it was Twilio who called. */
function addTwilioHooks(router: HttpRouter, { config, services }: ApiParts): void {
  const { http, providers } = config
  if (providers.twilio === null) return
  const { authToken } = providers.twilio
  const publicUrl = () => http.publicUrl ?? publicUrlOf(http.host, http.port)
  twilioHooks({
    router,
    signedByTwilio: signedByTwilio({ authToken, publicUrl }),
    twilio: new TwilioController({ ...services, replies: services.smsReplies, publicUrl }),
  })
}

/** Only an app with a signing secret can be believed. */
function addSlackHook(router: HttpRouter, { config, services, clock, log }: ApiParts): void {
  const { slackSigningSecret: secret, slack } = config.providers
  if (secret === null) return
  const sender = new GuardedSender({ clock })
  const update = slackUpdates({ sender, apiUrl: slack?.apiUrl ?? null, log })
  slackHook({
    router,
    signedBySlack: signedBySlack(secret),
    slack: new SlackController({ ...services, update }),
  })
}

/** What a message that no broker brought has of a message. */
const ORDINARY = {
  qos: 1,
  retained: false,
  meta: {},
  responseTopic: null,
  correlationData: null,
  peer: 'replay',
  packet: null,
  only: null,
} as const
