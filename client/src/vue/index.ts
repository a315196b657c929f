/**
 * `@belfry/client/vue`: `useNotifications()`, `useNotificationWebSocket()` and
 * `<NotificationBell/>`.
 *
 * @module
 */

export { configureNotifications } from '../core/index.ts'
export { NotificationBell } from './notification-bell.ts'
export { provideNotifications } from './provide-notifications.ts'
export {
  type UseNotificationWebSocket,
  useNotificationWebSocket,
} from './use-notification-web-socket.ts'
export { type UseNotifications, useNotifications } from './use-notifications.ts'
