import { NotificationClient } from './client.ts'
import type { ClientOptions } from './options.ts'

let options: ClientOptions = {}
let shared: NotificationClient | null = null

/** Says how the client is made that hooks and bells use where they are given none. */
export function configureNotifications(given: ClientOptions): void {
  options = given
  shared = null
}

/** The client of whoever is given none: one for the whole page. */
export function sharedClient(): NotificationClient {
  shared ??= new NotificationClient(options)
  return shared
}
