import { messageOf } from '../support/errors.ts'
import { delayedUntil } from '../support/moments.ts'
import { wordsOf } from '../support/words.ts'
import type { Composition, Part, Passed } from './desk.ts'
import type { Lifecycle, Speaking } from './lifecycle.ts'
import { withLocale } from './locale.ts'
import { Mail } from './mail.ts'
import type { Notification, PerChannel } from './notification.ts'
import type { Recipient } from './recipient.ts'
import { channelWord, methodNamed, methodOf } from './routes.ts'

/** Channels that are written at once, without a job. */
export const AT_ONCE: readonly string[] = ['database', 'realtime']
/** Channels for which `toArray()` will do. */
const FROM_ARRAY = ['database', 'realtime', 'broadcast', 'mqtt', 'webhook']
const DEFAULT_LOCALE = 'en'

interface Composing {
  readonly notification: Notification
  readonly to: Recipient
  /** Of the call, `Notification.locale()`. */
  readonly locale: string | null
  readonly defaultLocale?: string
  readonly lifecycle: Lifecycle
  readonly now: number
}

/** Puts a notification into the words of each channel; one that cannot is left out, alone. */
export async function composeFor(passed: Passed, composing: Composing): Promise<Composition> {
  const notification = ownCopy(composing.notification, passed.id)
  const locale = localeOf(passed, composing)
  const { to, lifecycle, now } = composing
  const parts = new Map<string, Part>()
  const dropped: Record<string, string> = {}
  for (const channel of passed.channels) {
    const word = channelWord(channel)
    try {
      const speaking = { notification, to, locale }
      const refusal = AT_ONCE.includes(word) ? await lifecycle.beforeSending(speaking, word) : null
      if (refusal !== null) dropped[channel] = refusal
      else {
        const message = await withLocale(locale, () => messageFor(notification, to, word))
        parts.set(channel, partOf(notification, to, { word, message, now }))
      }
    } catch (error) {
      dropped[channel] = `render_failed: ${messageOf(error)}`
      await lifecycle.afterFailing({ notification, to, locale }, word, asError(error))
    }
  }
  for (const channel of passed.further ?? []) {
    const word = channelWord(channel)
    const message = await laterMessage({ notification, to, locale }, word)
    if (message !== undefined) parts.set(channel, partOf(notification, to, { word, message, now }))
  }
  const readAt = notification.initialDatabaseReadAtValue?.(to)?.getTime() ?? null
  const said = lifecycle.freeze(notification, to, locale)
  return { id: passed.id, parts, dropped, readAt, said }
}

/** What it would say on a channel that it may never take; `undefined`: it has no words for it. */
async function laterMessage({ notification, to, locale }: Speaking, word: string) {
  try {
    return await withLocale(locale, () => messageFor(notification, to, word))
  } catch {
    return undefined // What is not needed yet must not keep back what is.
  }
}

/** What is said of a channel does not change what is said to others. */
function ownCopy(notification: Notification, id: string): Notification {
  const copy: Notification = Object.create(Object.getPrototypeOf(notification) as object)
  return Object.assign(copy, notification, { id })
}

/** Notification, call, recipient, directory, tenant, `en`: the first that says one. */
export function localeOf(
  { locale: listed }: Pick<Passed, 'locale'>,
  { notification, to, locale, defaultLocale }: Composing,
): string {
  const own = notification.locale ?? locale ?? to.preferredLocale?.() ?? listed
  return own ?? defaultLocale ?? DEFAULT_LOCALE
}

async function messageFor(
  notification: Notification,
  to: Recipient,
  channel: string,
): Promise<unknown> {
  if (channel === 'broadcast') return broadcastData(notification, to)
  const wanted = channel === 'realtime' ? ['realtime', 'database'] : [channel]
  const names = wanted.map((each) => methodOf('to', each))
  if (FROM_ARRAY.includes(channel)) names.push('toArray')
  for (const name of names) {
    const method = methodNamed(notification, name)
    if (method === null) continue
    const message = await method.call(notification, to)
    return message instanceof Mail ? message.message : message
  }
  if (channel === 'realtime' || channel === 'database') return {}
  throw new TypeError(
    `${notification.constructor.name} goes to ${channel} and has no ${names[0]}()`,
  )
}

/** What those who listen with Echo's `.notification()` get, unless the class says all of it itself. */
async function broadcastData(notification: Notification, to: Recipient): Promise<object> {
  const own = await notification.broadcastWith?.()
  if (own !== undefined) return own
  const data =
    (await (notification.toBroadcast ?? notification.toArray)?.call(notification, to)) ?? null
  if (data === null) {
    throw new TypeError(
      `${notification.constructor.name} goes to broadcast and has no toBroadcast()`,
    )
  }
  const type = notification.broadcastType?.() ?? typeOf(notification, to)
  return { ...data, id: notification.id, type }
}

function partOf(
  notification: Notification,
  to: Recipient,
  { word, message, now }: { word: string; message: unknown; now: number },
): Part {
  const own = notification.withDelay?.(to, word)
  const delay = own ?? forChannel(notification.delayed, word)
  const backoff = [notification.backoff?.() ?? []].flat()
  const { tries = null, maxExceptions = null, timeout, queue = null } = notification
  return {
    message,
    availableAt: AT_ONCE.includes(word) ? null : delayedUntil(delay, now),
    queue: notification.viaQueues?.()[word] ?? queue,
    ...{ tries, maxExceptions },
    backoffMs: backoff.map((seconds: number) => seconds * 1000),
    timeoutMs: timeout === undefined ? null : timeout * 1000,
    retryUntil: notification.retryUntil?.().getTime() ?? null,
  }
}

/** One value for all channels, or that of this one. */
function forChannel<Value extends number | Date>(
  value: PerChannel<Value> | undefined,
  channel: string,
): Value | null {
  if (value === undefined) return null
  if (typeof value === 'number' || value instanceof Date) return value as Value
  const each = value as Readonly<Record<string, Value | undefined>>
  return each[channel] ?? (channel === 'mail' ? each.email : undefined) ?? null
}

/** `OrderShippedNotification` → `order-shipped`. */
export function typeOf(notification: Notification, to: Recipient): string {
  const { name } = notification.constructor
  return (
    notification.databaseType?.(to) ?? wordsOf(name.replace(/Notification$/, '') || name).join('-')
  )
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error))
}
