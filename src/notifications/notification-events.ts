import { Event } from '../events/event.ts'
import type { Notification } from './notification.ts'
import type { Recipient } from './recipient.ts'

/** A notification is about to go out; a listener that answers `false` keeps it. */
export class NotificationSending extends Event {
  static override readonly eventName = 'notification.sending'
  readonly notification: Notification
  readonly notifiable: Recipient
  readonly channel: string

  constructor(notification: Notification, notifiable: Recipient, channel: string) {
    super()
    this.notification = notification
    this.notifiable = notifiable
    this.channel = channel
  }
}

/** A notification went out on a channel; `response` is what its provider said. */
export class NotificationSent extends Event {
  static override readonly eventName = 'notification.sent'
  readonly notification: Notification
  readonly notifiable: Recipient
  readonly channel: string
  readonly response: unknown

  constructor(
    notification: Notification,
    notifiable: Recipient,
    channel: string,
    response: unknown = null,
  ) {
    super()
    this.notification = notification
    this.notifiable = notifiable
    this.channel = channel
    this.response = response
  }
}

/** A notification will not go out on a channel: no further try follows. */
export class NotificationFailed extends Event {
  static override readonly eventName = 'notification.failed'
  readonly notification: Notification
  readonly notifiable: Recipient
  readonly channel: string
  readonly data: { readonly exception: string }

  constructor(
    notification: Notification,
    notifiable: Recipient,
    channel: string,
    data: { readonly exception: string },
  ) {
    super()
    this.notification = notification
    this.notifiable = notifiable
    this.channel = channel
    this.data = data
  }
}
