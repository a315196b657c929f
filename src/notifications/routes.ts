import type { Route } from './recipient.ts'

/** `email` is what the rest of Belfry calls `mail`. */
const ALIASES: Readonly<Record<string, string>> = { email: 'mail' }

/** Where the addresses of a user stand if he says nothing more about a channel. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  mail: ['email'],
  sms: ['phone'],
  voice: ['phone'],
  slack: ['slackWebhookUrl', 'slack_webhook_url'],
  discord: ['discordWebhookUrl', 'discord_webhook_url'],
  webhook: ['webhookUrl', 'webhook_url'],
  push: ['deviceTokens', 'device_tokens'],
}

/** The name that classes know a channel by. */
export function channelWord(channel: string): string {
  return ALIASES[channel] ?? channel
}

/** `mail` → `toMail`, `fax-line` → `toFaxLine`. */
export function methodOf(prefix: string, channel: string): string {
  const words = channelWord(channel).split(/[^A-Za-z0-9]+/)
  return prefix + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** The method of an object, if it has one. */
export function methodNamed(
  object: object,
  name: string,
): ((...parts: unknown[]) => unknown) | null {
  const method = (object as Record<string, unknown>)[name]
  return typeof method === 'function' ? (method as (...parts: unknown[]) => unknown) : null
}

/** Where an object says that a channel reaches it; `null`: it does not say. */
export function routeFor(object: object, channel: string, notification?: object): Route {
  const own = methodNamed(object, methodOf('routeNotificationFor', channel))
  if (own !== null) return own.call(object, notification) as Route
  for (const field of FIELDS[channelWord(channel)] ?? []) {
    const value = (object as Record<string, unknown>)[field]
    if (typeof value === 'string' || Array.isArray(value)) return value as Route
  }
  return null
}

/** The addresses of a route, one by one; with names as `Name <address>`. */
export function addressesOf(route: Route): readonly string[] {
  if (route === null || route === undefined || route === '') return []
  if (typeof route === 'string') return [route]
  if (Array.isArray(route)) return route as readonly string[]
  return Object.entries(route).map(([address, name]) => `${name} <${address}>`)
}
