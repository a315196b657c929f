import type { Clock } from '../support/clock.ts'
import { BelfryError, InvalidPayload } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import { AT_ONCE, asError, composeFor, typeOf } from './composing.ts'
import type { Desk, Envelope } from './desk.ts'
import { flowOptionsOf } from './flow-options.ts'
import type { Lifecycle, Said } from './lifecycle.ts'
import type { Channel } from './messages.ts'
import type { Notification, Notifier, OnDemand, Recipients } from './notification.ts'
import { type ChannelOutcome, Outcomes } from './outcomes.ts'
import type { Recipient, Route } from './recipient.ts'
import { addressesOf, channelWord, routeFor } from './routes.ts'

const AT_A_TIME = 100
/** What the rest of Belfry calls what classes call `mail`. */
const APPLICATION_WORDS: Readonly<Record<string, string>> = { mail: 'email' }

export interface SenderParts {
  readonly desk: Desk
  readonly lifecycle: Lifecycle
  readonly clock: Clock
  readonly log: Logger
  /** Of people of whom nothing is known. Default: `en`. */
  readonly locale?: string
}

interface Terms {
  readonly locale: string | null
  /** In place of what `via` says. */
  readonly channels: readonly string[] | null
}

const USUAL: Terms = { locale: null, channels: null }

/** Tells people what a notification says: audience, channels, gates, words, one write each. */
export class Sender implements Notifier {
  readonly #parts: SenderParts

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  send<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    { locale = null }: { readonly locale?: string | null } = {},
  ): Promise<Outcomes> {
    return this.#tell(to, notification as unknown as Notification, { ...USUAL, locale })
  }

  async sendNow<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    channels?: readonly Channel[],
  ): Promise<Outcomes> {
    const terms = { ...USUAL, channels: channels ?? null }
    const { all } = await this.#tell(to, notification as unknown as Notification, terms)
    return new Outcomes(await this.#parts.desk.settled(all))
  }

  route(channel: Channel, route: unknown): OnDemand {
    return new Addressed(this, { [channel]: route })
  }

  routes(routes: Readonly<Partial<Record<Channel, unknown>>>): OnDemand {
    return new Addressed(this, routes)
  }

  async #tell<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification,
    terms: Terms,
  ): Promise<Outcomes> {
    const recipients = [to].flat() as (To | string)[]
    const all: ChannelOutcome[] = []
    for (let start = 0; start < recipients.length; start += AT_A_TIME) {
      const some = recipients.slice(start, start + AT_A_TIME)
      const told = await Promise.all(some.map((each) => this.#tellOne(each, notification, terms)))
      all.push(...told.flat())
    }
    return insistOnStore(new Outcomes(all))
  }

  /** One recipient's failure is his outcome, and nobody else's. */
  async #tellOne(
    to: Recipient | string,
    notification: Notification,
    terms: Terms,
  ): Promise<readonly ChannelOutcome[]> {
    const userId = userIdOf(to)
    let channels: readonly string[] = ['*']
    try {
      const { desk } = this.#parts
      const recipient = typeof to === 'string' ? ((await desk.find(to)) as Recipient) : to
      channels = terms.channels ?? (await notification.via(recipient))
      if (channels.length === 0) return []
      return await this.#hand(desk, this.#envelope(recipient, notification, { ...terms, channels }))
    } catch (thrown) {
      return channels.map((channel) => refusedOutcome(userId, applicationWord(channel), thrown))
    }
  }

  /** What is written at once is out when it is accepted. */
  async #hand(desk: Desk, envelope: Envelope): Promise<readonly ChannelOutcome[]> {
    let said: Said | null = null
    const outcomes = await desk.accept({
      ...envelope,
      async compose(passed) {
        const composition = await envelope.compose(passed)
        said = composition.said
        return composition
      },
    })
    const { lifecycle } = this.#parts
    for (const { channel, status, notificationId } of outcomes) {
      if (said === null || status !== 'sent' || !AT_ONCE.includes(channel)) continue
      await lifecycle.sent(said, channel, notificationId)
    }
    return outcomes
  }

  #envelope(
    to: Recipient,
    notification: Notification,
    { channels, locale }: Terms & { readonly channels: readonly string[] },
  ): Envelope {
    const { lifecycle, clock, locale: defaultLocale } = this.#parts
    const named = [...new Set(channels.map(applicationWord))]
    const { category = null, priority = 'normal', critical = false, expiresAt } = notification
    const composing = {
      ...{ notification, to, locale, lifecycle, now: clock.now() },
      ...(defaultLocale === undefined ? {} : { defaultLocale }),
    }
    const dedup = notification.deduplicationId?.(to)
    return {
      userId: userIdOf(to),
      channels: named,
      addresses: addressesFor(to, [...named, ...furtherChannels(notification)], notification),
      ...{ type: typeOf(notification, to), category, priority, critical },
      preferences: preferencesOf(notification),
      flow: flowOptionsOf(notification),
      fields: { ...notification },
      expiresAt: expiresAt?.getTime() ?? null,
      deduplicationId: dedup === undefined ? null : `${notification.constructor.name}:${dedup}`,
      broadcastOn: broadcastChannels(to, notification),
      broadcastAs: notification.broadcastAs?.() ?? null,
      compose: (passed) => composeFor(passed, composing),
    }
  }
}

function preferencesOf({ preferences }: Notification): Record<string, boolean> | null {
  if (preferences === undefined) return null
  const named = Object.entries(preferences) as [string, boolean][]
  return Object.fromEntries(named.map(([channel, on]) => [applicationWord(channel), on]))
}

/** Somebody who is nobody's user: addresses by channel, and no inbox. */
export class Addressed implements OnDemand, Recipient {
  readonly #sender: Sender
  readonly routes: Readonly<Record<string, unknown>>

  constructor(sender: Sender, routes: Readonly<Partial<Record<Channel, unknown>>>) {
    const entries = Object.entries(routes)
    if (entries.some(([channel]) => channelWord(channel) === 'database')) {
      throw new InvalidPayload('The database channel does not support on-demand notifications.')
    }
    this.#sender = sender
    this.routes = Object.fromEntries(entries.map(([name, route]) => [channelWord(name), route]))
  }

  routeNotificationFor(channel: string): Route {
    return this.routes[channelWord(channel)] as Route
  }

  route(channel: Channel, route: unknown): OnDemand {
    return new Addressed(this.#sender, { ...this.routes, [channel]: route })
  }

  notify(notification: Notification<never>): Promise<Outcomes> {
    return this.#sender.send(this as Recipient, notification as unknown as Notification)
  }
}

function furtherChannels({ fallback }: Notification): readonly string[] {
  return (fallback?.channels ?? []).map(applicationWord)
}

function addressesFor(to: Recipient, channels: readonly string[], notification: Notification) {
  const pairs = channels.map((channel) => {
    const word = channelWord(channel)
    const route = to.routeNotificationFor
      ? to.routeNotificationFor(word, notification)
      : routeFor(to, word, notification)
    return [channel, addressesOf(route)] as const
  })
  return Object.fromEntries(pairs.filter(([, addresses]) => addresses.length > 0))
}

function broadcastChannels(to: Recipient, notification: Notification): readonly string[] {
  const own = notification.broadcastOn?.() ?? to.receivesBroadcastNotificationsOn?.(notification)
  if (own !== undefined) return [own].flat()
  const routed = addressesOf(to.routeNotificationFor?.('broadcast', notification))
  if (routed.length > 0) return routed
  return to.id === undefined ? [] : [`private-App.Models.User.${to.id}`]
}

function applicationWord(channel: string): string {
  return APPLICATION_WORDS[channel] ?? channel
}

function userIdOf(to: Recipient | string): string | null {
  if (typeof to === 'string') return to
  return to.id === undefined ? null : String(to.id)
}

function refusedOutcome(userId: string | null, channel: string, thrown: unknown): ChannelOutcome {
  const error = asError(thrown)
  const base = { userId, notificationId: null, channel, error }
  if (!(error instanceof BelfryError)) return { ...base, status: 'failed', reason: error.message }
  const isUnwanted = error.code === 'filtered' || error.code === 'expired'
  const { reason = error.code } = error as { reason?: string }
  return { ...base, status: isUnwanted ? 'skipped' : 'failed', reason }
}

/** Whoever gets an answer may rely on it: a store that is away must not look like success. */
function insistOnStore(outcomes: Outcomes): Outcomes {
  const away = outcomes.failed.find(({ error }) => error instanceof BelfryError && error.retryable)
  if (away?.error !== undefined && outcomes.sent.length === 0) throw away.error
  return outcomes
}
