import { type AccessController, KeyBody, TokenBody } from '../controllers/access-controller.ts'
import {
  AlertActionPayload,
  AlertBody,
  type AlertController,
  AlertSnoozeBody,
} from '../controllers/alert-controller.ts'
import type { DeliveryController } from '../controllers/delivery-controller.ts'
import { EventBody, type EventController } from '../controllers/event-controller.ts'
import type { FlowController } from '../controllers/flow-controller.ts'
import type { HookController } from '../controllers/hook-controller.ts'
import {
  BulkBody,
  type InboxApiController,
  InboxQuery,
  SnoozeBody,
} from '../controllers/inbox-api-controller.ts'
import {
  JobBody,
  ListQuery,
  type OperationsController,
} from '../controllers/operations-controller.ts'
import type { PreferenceController } from '../controllers/preference-controller.ts'
import {
  MuteBody,
  PreferencesBody,
  QuietHoursBody,
  UnmuteBody,
} from '../controllers/preference-fields.ts'
import type { RecurrenceController } from '../controllers/recurrence-controller.ts'
import { type RehearsalController, ReleaseBody } from '../controllers/rehearsal-controller.ts'
import type { SendController } from '../controllers/send-controller.ts'
import { BroadcastBody, SendBody, TestBody } from '../controllers/send-fields.ts'
import {
  DrainQuery,
  RouteTestBody,
  type ServiceController,
} from '../controllers/service-controller.ts'
import type { TemplateController } from '../controllers/template-controller.ts'
import { StatsQuery, type TraceController } from '../controllers/trace-controller.ts'
import {
  DevicesBody,
  MembersBody,
  PageQuery,
  UserBody,
  type UserController,
  UsersBody,
} from '../controllers/user-controller.ts'
import type { Context, HttpGroup, HttpRouter, Middleware } from '../src/index.ts'
import { flowRoutes } from './flows.ts'
import { templateRoutes } from './templates.ts'

interface Controllers {
  readonly access: AccessController
  readonly alerts: AlertController
  readonly deliveries: DeliveryController
  readonly events: EventController
  readonly flows: FlowController
  readonly hooks: HookController
  readonly inbox: InboxApiController
  readonly operations: OperationsController
  readonly preferences: PreferenceController
  readonly rehearsal: RehearsalController
  readonly recurrences: RecurrenceController
  readonly send: SendController
  readonly service: ServiceController
  readonly templates: TemplateController
  readonly traces: TraceController
  readonly users: UserController
}

interface Parts extends Controllers {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
}

type Api = HttpGroup<'/api'>

/** Everything under `/api`. */
export function apiRoutes(parts: Parts): void {
  const { router, authenticate, rateLimit, idempotency } = parts
  router.group('/api', [authenticate, rateLimit, idempotency], (api) => {
    inboxRoutes(api, parts)
    sendRoutes(api, parts)
    flowRoutes(api, parts)
    peopleRoutes(api, parts)
    alertRoutes(api, parts)
    templateRoutes(api, parts)
    operationRoutes(api, parts)
    accessRoutes(api, parts)
  })
}

function inboxRoutes(api: Api, { inbox, traces }: Controllers): void {
  const own = { tags: ['inbox'], scope: 'read' } as const
  api.on(
    'GET',
    '/notifications',
    { ...own, query: InboxQuery, summary: 'Your inbox, newest first' },
    inbox.list,
  )
  api.on(
    'PUT',
    '/notifications/mark-all-read',
    { ...own, summary: 'Mark everything as read' },
    inbox.markAllRead,
  )
  api.on(
    'POST',
    '/notifications/bulk',
    { ...own, body: BulkBody, summary: 'Change many at once' },
    inbox.bulk,
  )
  api.on('GET', '/notifications/{id}', { ...own, summary: 'One notification' }, inbox.find)
  api.on(
    'DELETE',
    '/notifications/{id}',
    { ...own, summary: 'Delete a notification' },
    inbox.remove,
  )
  api.on('PUT', '/notifications/{id}/read', { ...own, summary: 'Mark as read' }, inbox.markRead)
  api.on(
    'PUT',
    '/notifications/{id}/unread',
    { ...own, summary: 'Mark as unread' },
    inbox.markUnread,
  )
  api.on('PUT', '/notifications/{id}/archive', { ...own, summary: 'Archive' }, inbox.archive)
  api.on(
    'PUT',
    '/notifications/{id}/snooze',
    { ...own, body: SnoozeBody, summary: 'Hide for a while' },
    inbox.snooze,
  )
  api.on(
    'PUT',
    '/notifications/{id}/unsnooze',
    { ...own, summary: 'Bring back what is hidden, as it was' },
    inbox.unsnooze,
  )
  api.on('PUT', '/notifications/{id}/seen', { ...own, summary: 'Mark as seen' }, inbox.markSeen)
  api.on(
    'PUT',
    '/notifications/{id}/ack',
    { ...own, summary: 'Acknowledge what is repeated until somebody does' },
    inbox.acknowledge,
  )
  api.on(
    'GET',
    '/notifications/{id}/trace',
    { ...own, summary: 'What became of it on every channel, and why' },
    traces.trace,
  )
}

function sendRoutes(api: Api, { send, events, deliveries, rehearsal }: Controllers): void {
  const publish = { tags: ['send'], scope: 'publish' } as const
  api.on(
    'POST',
    '/notifications',
    {
      ...publish,
      body: SendBody,
      status: 202,
      summary: 'Send to people, groups, roles, everybody or bare addresses',
    },
    send.send,
  )
  api.on(
    'POST',
    '/notifications/dry-run',
    {
      ...publish,
      body: SendBody,
      summary: 'What would become of a message: every gate, every channel. Nothing is sent',
    },
    rehearsal.dryRun,
  )
  api.on(
    'POST',
    '/broadcast',
    {
      ...publish,
      body: BroadcastBody,
      status: 202,
      summary: 'Send to everybody, or to roles and groups',
    },
    send.broadcast,
  )
  api.on(
    'GET',
    '/broadcasts/{id}',
    { tags: ['send'], scope: 'read', summary: 'How far a broadcast has come' },
    send.progress,
  )
  api.on(
    'POST',
    '/test',
    { ...publish, body: TestBody, status: 202, summary: 'Send a test notification to yourself' },
    send.test,
  )
  api.on(
    'POST',
    '/events',
    { ...publish, body: EventBody, status: 202, summary: 'Log an event' },
    events.publish,
  )
  api.on(
    'POST',
    '/deliveries/{id}/cancel',
    { ...publish, summary: 'Take back what has not gone out' },
    deliveries.cancel,
  )
}

function peopleRoutes(api: Api, { users, hooks, preferences }: Controllers): void {
  const admin = { tags: ['people'], scope: 'admin' } as const
  const self = { tags: ['people'], scope: 'read' } as const
  api.on('GET', '/users', { ...admin, query: PageQuery, summary: 'Everybody' }, users.list)
  api.on(
    'PUT',
    '/users',
    { ...admin, body: UsersBody, summary: 'Create or change up to 500 users' },
    users.saveMany,
  )
  api.on('GET', '/users/{id}', { ...self, summary: 'A user' }, users.find)
  api.on(
    'PUT',
    '/users/{id}',
    { ...admin, body: UserBody, summary: 'Create or change a user' },
    users.save,
  )
  api.on(
    'GET',
    '/users/{id}/preferences',
    { ...self, summary: 'What a user wants' },
    preferences.find,
  )
  api.on(
    'PUT',
    '/users/{id}/preferences',
    { ...self, body: PreferencesBody, summary: 'Say what a user wants' },
    preferences.save,
  )
  api.on(
    'PUT',
    '/users/{id}/mutes',
    { ...self, body: MuteBody, summary: 'Hear nothing of one thread, for a time or for good' },
    preferences.mute,
  )
  api.on(
    'DELETE',
    '/users/{id}/mutes',
    { ...self, body: UnmuteBody, summary: 'Hear of it again' },
    preferences.unmute,
  )
  api.on(
    'GET',
    '/users/{id}/quiet-hours',
    { ...self, summary: 'When a user does not want to be disturbed' },
    preferences.quietHours,
  )
  api.on(
    'PUT',
    '/users/{id}/quiet-hours',
    { ...self, body: QuietHoursBody, summary: 'Say when a user does not want to be disturbed' },
    preferences.saveQuietHours,
  )
  api.on(
    'GET',
    '/users/{id}/devices',
    { ...self, summary: 'Devices that take push notifications' },
    users.devices,
  )
  api.on(
    'PUT',
    '/users/{id}/devices',
    { ...self, body: DevicesBody, summary: 'Replace the list of devices' },
    users.saveDevices,
  )
  api.on(
    'GET',
    '/users/{id}/data',
    { ...self, summary: 'Everything that is kept of a user' },
    users.exportData,
  )
  api.on(
    'DELETE',
    '/users/{id}/data',
    { ...self, summary: 'Erase everything that is kept of a user' },
    users.eraseData,
  )
  api.on(
    'POST',
    '/users/{id}/hooks/{channel}/enable',
    { ...admin, summary: 'Call a disabled webhook URL again' },
    hooks.enable,
  )
  api.on('GET', '/groups/{id}/members', { ...admin, summary: 'Who is in a group' }, users.members)
  api.on(
    'POST',
    '/groups/{id}/members',
    { ...admin, body: MembersBody, summary: 'Put users into a group' },
    users.addMembers,
  )
  api.on(
    'DELETE',
    '/groups/{id}/members',
    { ...admin, body: MembersBody, summary: 'Take users out of a group' },
    users.removeMembers,
  )
  const onCall = { tags: ['alerts'], scope: 'operate' } as const
  api.on(
    'GET',
    '/oncall/{id}',
    { ...onCall, summary: 'Who is on call for a type of alert' },
    users.onCall,
  )
  api.on(
    'POST',
    '/oncall/{id}',
    { ...onCall, body: MembersBody, summary: 'Put users on call' },
    users.addOnCall,
  )
  api.on(
    'DELETE',
    '/oncall/{id}',
    { ...onCall, body: MembersBody, summary: 'Take users off call' },
    users.removeOnCall,
  )
}

function alertRoutes(api: Api, { alerts, operations }: Controllers): void {
  const operate = { tags: ['alerts'], scope: 'operate' } as const
  const action = { ...operate, body: AlertActionPayload } as const
  api.on(
    'GET',
    '/alerts',
    { ...operate, query: ListQuery, summary: 'Open alerts, or those of a status' },
    operations.alerts,
  )
  api.on(
    'POST',
    '/alerts',
    {
      tags: ['alerts'],
      scope: 'publish',
      body: AlertBody,
      status: 202,
      summary: 'Raise, acknowledge or resolve an alert',
    },
    alerts.report,
  )
  api.on('GET', '/alerts/{alert_id}', { ...operate, summary: 'An alert with its log' }, alerts.find)
  api.on(
    'POST',
    '/alerts/{alert_id}/ack',
    { ...action, summary: 'Acknowledge' },
    alerts.acknowledge,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/unack',
    { ...action, summary: 'Take the acknowledgement back' },
    alerts.unacknowledge,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/snooze',
    { ...operate, body: AlertSnoozeBody, summary: 'Be quiet until a moment or for a time' },
    alerts.snooze,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/escalate',
    { ...action, summary: 'Tell the people of the next step at once' },
    alerts.escalate,
  )
  api.on('POST', '/alerts/{alert_id}/resolve', { ...action, summary: 'Resolve' }, alerts.resolve)
}

function operationRoutes(
  api: Api,
  { events, operations, service, rehearsal, traces }: Controllers,
): void {
  const operate = { tags: ['operations'], scope: 'operate' } as const
  const list = { ...operate, query: ListQuery } as const
  api.on(
    'GET',
    '/stats',
    {
      ...{ ...operate, query: StatsQuery },
      summary: 'How much there is of everything, and what became of notifications',
    },
    traces.stats,
  )
  api.on(
    'GET',
    '/routes',
    { ...operate, summary: 'Every MQTT topic that is taken' },
    service.routes,
  )
  api.on(
    'POST',
    '/routes/test',
    { ...operate, body: RouteTestBody, summary: 'What would become of a message' },
    service.testRoute,
  )
  api.on(
    'POST',
    '/routes/publish',
    {
      tags: ['operations'],
      scope: 'publish',
      body: RouteTestBody,
      status: 202,
      summary: 'Publish a message on a topic, without an MQTT client',
    },
    service.publish,
  )
  api.on(
    'POST',
    '/tail',
    { ...operate, summary: 'Where to watch what happens, and that somebody does' },
    service.watch,
  )
  api.on(
    'GET',
    '/system',
    { ...operate, summary: 'The last word of every component' },
    operations.systemStatus,
  )
  api.on('GET', '/events', { ...list, summary: 'The event log, newest first' }, operations.events)
  api.on(
    'GET',
    '/event-types',
    { ...operate, summary: 'What is known of types of events' },
    events.types,
  )
  api.on('GET', '/queues', { ...operate, summary: 'Every queue' }, operations.queues)
  api.on(
    'GET',
    '/queues/{name}/failed',
    { ...list, summary: 'Jobs that failed for good' },
    operations.failed,
  )
  api.on(
    'POST',
    '/queues/{name}/retry',
    { ...operate, body: JobBody, summary: 'Put failed jobs back' },
    operations.retry,
  )
  api.on(
    'POST',
    '/queues/{name}/forget',
    { ...operate, body: JobBody, summary: 'Throw failed jobs away' },
    operations.forget,
  )
  api.on(
    'POST',
    '/queues/{name}/flush',
    { ...operate, summary: 'Throw all failed jobs away' },
    operations.flush,
  )
  api.on(
    'POST',
    '/queues/{name}/pause',
    { ...operate, summary: 'Let a queue wait' },
    operations.pause,
  )
  api.on(
    'POST',
    '/queues/{name}/resume',
    { ...operate, summary: 'Let a queue go on' },
    operations.resume,
  )
  api.on(
    'GET',
    '/deliveries/{id}',
    { ...operate, summary: 'One delivery with every attempt' },
    operations.delivery,
  )
  api.on(
    'GET',
    '/outbox',
    { ...list, summary: 'What channels without a provider would have sent' },
    operations.outboxList,
  )
  api.on(
    'GET',
    '/outbox/{id}',
    { ...operate, summary: 'One of them in full' },
    operations.outboxMessage,
  )
  api.on(
    'POST',
    '/outbox/{id}/release',
    {
      ...operate,
      body: ReleaseBody,
      status: 202,
      summary: 'Send a mail or text message of the outbox to a real address',
    },
    rehearsal.release,
  )
  api.on(
    'GET',
    '/dead-letters',
    { ...list, summary: 'Refused messages, newest first' },
    operations.deadLetters,
  )
  api.on(
    'DELETE',
    '/dead-letters',
    { ...operate, summary: 'Forget all refused messages' },
    operations.flushDeadLetters,
  )
  api.on(
    'GET',
    '/dead-letters/{id}',
    { ...operate, summary: 'One refused message' },
    operations.deadLetter,
  )
  api.on(
    'POST',
    '/dead-letters/{id}/replay',
    { ...operate, summary: 'Send a refused message through again' },
    operations.replayDeadLetter,
  )
  api.on(
    'GET',
    '/sessions/{id}/drain',
    {
      tags: ['realtime'],
      scope: 'read',
      query: DrainQuery,
      summary: 'Take what waits in one of your session queues',
    },
    service.drain,
  )
}

function accessRoutes(api: Api, { access, hooks }: Controllers): void {
  const admin = { tags: ['access'], scope: 'admin' } as const
  api.on(
    'GET',
    '/me',
    { tags: ['access'], scope: 'read', summary: 'Who you are, and what you may do' },
    access.me,
  )
  api.on('GET', '/keys', { ...admin, summary: 'API keys' }, access.keys)
  api.on(
    'POST',
    '/keys',
    { ...admin, body: KeyBody, status: 201, summary: 'A new API key' },
    access.createKey,
  )
  api.on('DELETE', '/keys/{id}', { ...admin, summary: 'Revoke a key' }, access.revokeKey)
  api.on(
    'GET',
    '/webhook-secrets',
    { ...admin, summary: 'What signs webhooks, newest first' },
    hooks.secrets,
  )
  api.on(
    'POST',
    '/tokens',
    { ...admin, body: TokenBody, status: 201, summary: 'A token for development' },
    access.issueToken,
  )
  api.on(
    'POST',
    '/realtime/tickets',
    {
      tags: ['realtime'],
      scope: 'read',
      status: 201,
      summary: 'A one-time ticket for EventSource and browsers',
    },
    access.ticket,
  )
}
