/**
 * `@belfry/client/react`: `useNotifications()` and `<NotificationBell/>`.
 *
 * @module
 */

export { configureNotifications } from '../core/index.ts'
export { NotificationBell, type NotificationBellProps } from './notification-bell.ts'
export { NotificationsProvider, useNotificationClient } from './notifications-provider.ts'
export { type UseNotifications, useNotifications } from './use-notifications.ts'
