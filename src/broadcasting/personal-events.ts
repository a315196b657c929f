import { isOfNotifications } from './personal-channels.ts'

/** What clients of the personal channels see of the entries of their user's session queue. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  notification: [
    'notification.created',
    'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated',
  ],
  notification_updated: ['notification.updated'],
}

/** Seed 000's broadcast of a notification, which Echo listens to by `NotificationSent`. */
const SENT = 'App\\Events\\NotificationSent'

/** An event on a user's own channel; `data` is JSON text. */
export interface PersonalEvent {
  readonly event: string
  readonly data: string
}

/** What is told on one of a user's own channels when he is told something: `data` is its JSON text. */
export function personalEvents(channel: string, type: string, data: string): PersonalEvent[] {
  const events = (EVENTS[type] ?? [type]).map((event) => ({ event, data }))
  if (type !== 'notification' || !isOfNotifications(channel)) return events
  const { id, title, message, read } = JSON.parse(data) as Readonly<Record<string, unknown>>
  return [
    ...events,
    { event: SENT, data: JSON.stringify({ notification: { id, title, message, read } }) },
  ]
}
