/**
 * The engine's front door: what an application is written with.
 *
 * @module
 */

export { AppCredentials, type SignedRequest } from './broadcasting/app-credentials.ts'
export { Broadcast } from './broadcasting/broadcast.ts'
export {
  BroadcastManager,
  type ConnectionOptions,
  type MakeBroadcaster,
} from './broadcasting/broadcast-manager.ts'
export {
  type Broadcastable,
  type BroadcastPlan,
  isBroadcastable,
} from './broadcasting/broadcastable.ts'
export {
  BROADCAST_QUEUES,
  type Broadcaster,
  BroadcastFailed,
  type BroadcastMessage,
  type BroadcastQueue,
  type BroadcastQueueName,
  type QueuedBroadcast,
} from './broadcasting/broadcaster.ts'
export {
  escapeId,
  isChannelName,
  readChannelName,
  userChannel,
  userOfChannel,
} from './broadcasting/channel-name.ts'
export {
  ChannelRules,
  type ChannelVerdict,
  type PresenceInfo,
} from './broadcasting/channel-rules.ts'
export type { PendingBroadcast } from './broadcasting/pending-broadcast.ts'
export { channelsOfUser } from './broadcasting/personal-channels.ts'
export { personalEvents } from './broadcasting/personal-events.ts'
export type { Context, Door, PacketMark, Principal, Scope } from './context.ts'
export { everybody } from './context.ts'
export type { Dispatched, Failure } from './events/dispatch-run.ts'
export { type DispatcherParts, EventDispatcher } from './events/dispatcher.ts'
export { type EntityEvent, entity, Vetoed } from './events/entity.ts'
export {
  currentEvents,
  type Dispatching,
  Event,
  type EventClass,
  type Happening,
  ShouldBroadcast,
} from './events/event.ts'
export { dottedName, eventNameOf, isEventName } from './events/event-name.ts'
export {
  declared,
  type Listen,
  type Listener,
  listen,
  type Registration,
  type Subscriber,
} from './events/listen.ts'
export {
  EventListener,
  EventPriority,
  type ListenerContext,
  type ListenerMiddleware,
  type ListenerOptions,
  throughSteps,
} from './events/listener.ts'
export {
  type FrozenEvent,
  freezeEvent,
  type ListenerCall,
  type ListenerJobs,
  thawEvent,
} from './events/listener-call.ts'
export { ListenerTable } from './events/listener-table.ts'
export type { ChannelEvent, ChannelNews } from './gateway/channel-news.ts'
export type { ClientInfo } from './gateway/client-info.ts'
export { BroadcastDesk, type Triggered } from './gateway/fleet/broadcast-desk.ts'
export type { HttpContext } from './http/http-context.ts'
export { HttpReply } from './http/http-reply.ts'
export type { HttpRoute } from './http/http-route.ts'
export { type HttpGroup, HttpRouter } from './http/http-router.ts'
export type { DryRun } from './mqtt/dry-run.ts'
export type { RouteMiddleware, Verdict } from './mqtt/route.ts'
export { type RouteDescription, Router } from './mqtt/router.ts'
export { Topic } from './mqtt/topic.ts'
export { filtersOverlap } from './mqtt/topic-name.ts'
export type { Composition, Desk, Envelope, Part, Passed } from './notifications/desk.ts'
export { fill, type NamesIn } from './notifications/fill.ts'
export type { FlowOptions } from './notifications/flow-options.ts'
export {
  currentInbox,
  Inbox,
  type InboxNotification,
  type InboxPage,
  inbox,
} from './notifications/inbox.ts'
export type { JobContext, JobMiddleware } from './notifications/job-middleware.ts'
export { Lifecycle, type Said } from './notifications/lifecycle.ts'
export { currentLocale, withLocale } from './notifications/locale.ts'
export { Mail, mail } from './notifications/mail.ts'
export type {
  BroadcastData,
  Channel,
  DatabaseMessage,
  DiscordMessage,
  MailAttachment,
  MailMessage,
  Messages,
  MqttMessage,
  PushMessage,
  SlackMessage,
  SmsMessage,
  VoiceMessage,
  WebhookMessage,
} from './notifications/messages.ts'
export { Notifiable, notifiable } from './notifications/notifiable.ts'
export { currentNotifier, Notification, type Notifier } from './notifications/notification.ts'
export {
  NotificationFailed,
  NotificationSending,
  NotificationSent,
} from './notifications/notification-events.ts'
export { type ChannelOutcome, Outcomes } from './notifications/outcomes.ts'
export type { OwnChannel, OwnDelivery } from './notifications/own-channel.ts'
export type { Recipient as NotificationRecipient, Route } from './notifications/recipient.ts'
export { addressesOf, channelWord } from './notifications/routes.ts'
export { Sender } from './notifications/sender.ts'
export type { Middleware, Next } from './pipeline.ts'
export { compose } from './pipeline.ts'
export { backoffMs } from './queue/backoff.ts'
export { Bell } from './queue/bell.ts'
export { type JobStep, Release } from './queue/job-step.ts'
export type { JobHandler, Settlement, WorkerOptions } from './queue/worker.ts'
export { Worker } from './queue/worker.ts'
export { allows, demandScope } from './scopes.ts'
export type { Bus } from './store/bus.ts'
export { Cached } from './store/cached.ts'
export { Keys, keysOfTenant, queueKeys } from './store/keys.ts'
export type { Migration } from './store/migrate.ts'
export type {
  Allowance,
  Guard,
  Lease,
  Op,
  Outcome,
  Page,
  Priority,
  QueueDepth,
  Store,
  StoredKey,
  Write,
} from './store/store.ts'
export { PRIORITIES, STORED_RECORD } from './store/store.ts'
export { Batcher } from './support/batcher.ts'
export type { Clock } from './support/clock.ts'
export { isoTime, systemClock } from './support/clock.ts'
export { duration } from './support/duration.ts'
export * from './support/errors.ts'
export { inPartition, isSafeId, partitionOf, uuidBeside, uuidFrom, uuidv7 } from './support/ids.ts'
export { inOurWords, toIssue } from './support/issue-words.ts'
export { LinearPattern } from './support/linear-pattern.ts'
export type { Logger } from './support/logger.ts'
export type { MatchOperator } from './support/matcher.ts'
export { MATCH_OPERATORS, matcher } from './support/matcher.ts'
export { Metrics } from './support/metrics.ts'
export type { Delay } from './support/moments.ts'
export { delayedUntil } from './support/moments.ts'
export { parseJson } from './support/parse-json.ts'
export { PROBLEM_TYPE, problemBody } from './support/problem.ts'
export { partialSnapshotOf, restored } from './support/snapshot.ts'
export { Turns } from './support/turns.ts'
export { validate } from './support/validate.ts'
export { wildcard } from './support/wildcard.ts'
export { titleOf } from './support/words.ts'
