import { currentNotifier, type Notification } from './notification.ts'
import type { Outcomes } from './outcomes.ts'
import type { Recipient, Route } from './recipient.ts'
import { routeFor } from './routes.ts'

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for this form of a mixin (TS2545).
type Base = abstract new (...parts: any[]) => object

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for this form of a mixin (TS2545).
type MakesNotifiable = abstract new (...parts: any[]) => Telling

interface Telling {
  /** Where a channel reaches him: `routeNotificationForMail()` and the like, or his `email`, `phone` … */
  routeNotificationFor(channel: string, notification?: object): Route
  notify(notification: Notification<this & Recipient>): Promise<Outcomes>
}

/** Somebody who can be told something. */
export interface Notifiable extends Recipient, Telling {
  routeNotificationFor(channel: string, notification?: object): Route
}

/**
 * Makes a class notifiable: `class User extends Notifiable(Model)`, or
 * `extends Notifiable()` where there is nothing else to extend.
 */
export function Notifiable<Given extends Base = typeof Nobody>(
  base?: Given,
): Given & MakesNotifiable {
  abstract class NotifiableObject extends (base ?? Nobody) {
    routeNotificationFor(channel: string, notification?: object): Route {
      return routeFor(this, channel, notification)
    }

    notify(notification: Notification): Promise<Outcomes> {
      return currentNotifier.get().send(this, notification)
    }
  }
  return NotifiableObject as unknown as Given & MakesNotifiable
}

/** The same for one object of any kind, which stays as it is. */
export function notifiable<Given extends object>(object: Given): Given & Notifiable {
  const own: Pick<Notifiable, 'routeNotificationFor' | 'notify'> = {
    routeNotificationFor: (channel, notification) => routeFor(object, channel, notification),
    notify: (notification) => currentNotifier.get().send(wrapped as Notifiable, notification),
  }
  const wrapped: object = Object.create(object, {
    routeNotificationFor: { value: own.routeNotificationFor },
    notify: { value: own.notify },
  })
  return wrapped as Given & Notifiable
}

abstract class Nobody {}
