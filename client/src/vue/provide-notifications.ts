import { type InjectionKey, inject, provide } from 'vue'
import { type NotificationClient, sharedClient } from '../core/index.ts'

const CLIENT: InjectionKey<NotificationClient> = Symbol('belfry client')

/** Gives a client to everything below; without one, `configureNotifications()` says what is used. */
export function provideNotifications(client: NotificationClient): void {
  provide(CLIENT, client)
}

/** The client that was provided, or that of the page. */
export function injectClient(): NotificationClient {
  return inject(CLIENT, sharedClient, true)
}
