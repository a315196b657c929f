/**
 * `@belfry/client`: a user's notifications in a browser, without a framework.
 *
 * @module
 */

export type { ChannelHandler } from './channels.ts'
export { NotificationClient } from './client.ts'
export { ClientError } from './client-error.ts'
export type { TokenSource } from './credentials.ts'
export { type ClientEvents, EMPTY, type Snapshot } from './events.ts'
export type { ListQuery } from './http-api.ts'
export type { NotificationFilter, NotificationStats } from './inbox.ts'
export type { ActionDone, Snooze } from './inbox-actions.ts'
export type { ConnectionState } from './live.ts'
export type { Analytics, ClientOptions } from './options.ts'
export type {
  AlertRecord,
  ChannelSwitches,
  Frame,
  NotificationAction,
  NotificationPage,
  NotificationRecord,
  Preferences,
  Priority,
  QuietHours,
} from './records.ts'
export { configureNotifications, sharedClient } from './shared-client.ts'
