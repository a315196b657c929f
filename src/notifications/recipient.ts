/** Where a channel reaches somebody: an address, several, addresses with names, or nowhere. */
export type Route = string | readonly string[] | Readonly<Record<string, string>> | null | undefined

/**
 * Whoever can be told something. With an `id` he is a user: he has an inbox,
 * preferences, quiet hours. What he does not answer himself (an address, a
 * locale) is taken from the directory.
 */
export interface Recipient {
  readonly id?: string | number
  /** Where `channel` reaches him. */
  routeNotificationFor?(channel: string, notification?: object): Route
  preferredLocale?(): string | null | undefined
  /** His channels for `broadcast`. Default: `private-App.Models.User.{id}`. */
  receivesBroadcastNotificationsOn?(notification: object): string | readonly string[]
}
