import type { Channel } from '../notifications/messages.ts'
import {
  currentNotifier,
  type Notification,
  type Notifier,
  type OnDemand,
  type Recipients,
} from '../notifications/notification.ts'
import { Outcomes } from '../notifications/outcomes.ts'
import type { Recipient } from '../notifications/recipient.ts'
import { demand } from './demand.ts'
import { inPlace } from './in-place.ts'
import { isSame, nameOf, routesOf, type Someone } from './someone.ts'

// biome-ignore lint/suspicious/noExplicitAny: a class takes what it wants.
type NotificationClass<N extends Notification<never>> = abstract new (...parts: any[]) => N
/** How often, or which ones. */
type Check<N> = number | ((notification: N, channels: readonly string[]) => boolean)

interface Sent {
  readonly to: Someone
  readonly notification: Notification<never>
  readonly channels: readonly string[]
}

/**
 * Takes notifications in place of the service, so that nothing goes out, and
 * knows afterwards what was said to whom: `using fake = NotificationFake.fake()`.
 * `via` and `shouldSend` are asked as they would be. What it knows may be asked
 * of the class too, `NotificationFake.assertSentTo(…)`: of the fake in place.
 */
export class NotificationFake implements Notifier, Disposable {
  static readonly assertSentTo: NotificationFake['assertSentTo'] = inPlace(current, 'assertSentTo')
  static readonly assertSentToTimes: NotificationFake['assertSentToTimes'] = inPlace(
    current,
    'assertSentToTimes',
  )
  static readonly assertSentTimes: NotificationFake['assertSentTimes'] = inPlace(
    current,
    'assertSentTimes',
  )
  static readonly assertNotSentTo: NotificationFake['assertNotSentTo'] = inPlace(
    current,
    'assertNotSentTo',
  )
  static readonly assertNotSent: NotificationFake['assertNotSent'] = inPlace(
    current,
    'assertNotSent',
  )
  static readonly assertSentOnDemand: NotificationFake['assertSentOnDemand'] = inPlace(
    current,
    'assertSentOnDemand',
  )
  static readonly assertSentOnDemandTimes: NotificationFake['assertSentOnDemandTimes'] = inPlace(
    current,
    'assertSentOnDemandTimes',
  )
  static readonly assertNothingSent: NotificationFake['assertNothingSent'] = inPlace(
    current,
    'assertNothingSent',
  )
  static readonly assertNothingSentTo: NotificationFake['assertNothingSentTo'] = inPlace(
    current,
    'assertNothingSentTo',
  )
  static readonly assertCount: NotificationFake['assertCount'] = inPlace(current, 'assertCount')
  static readonly sent: NotificationFake['sent'] = inPlace(current, 'sent')
  static readonly hasSent: NotificationFake['hasSent'] = inPlace(current, 'hasSent')

  readonly #sent: Sent[] = []
  readonly #taken: Disposable

  private constructor() {
    this.#taken = currentNotifier.use(this)
  }

  /** Takes over until it is disposed of. */
  static fake(): NotificationFake {
    return new NotificationFake()
  }

  [Symbol.dispose](): void {
    this.#taken[Symbol.dispose]()
  }

  async send<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
  ): Promise<Outcomes> {
    for (const each of [to].flat() as (To | string)[]) await this.#note(each, notification)
    return new Outcomes([])
  }

  async sendNow<To extends Recipient>(
    to: Recipients<To>,
    notification: Notification<To>,
    channels?: readonly Channel[],
  ): Promise<Outcomes> {
    for (const each of [to].flat() as (To | string)[]) {
      await this.#note(each, notification, channels)
    }
    return new Outcomes([])
  }

  route(channel: Channel, route: unknown): OnDemand {
    return this.routes({ [channel]: route })
  }

  routes(routes: Readonly<Partial<Record<Channel, unknown>>>): OnDemand {
    const to = { routes, routeNotificationFor: (channel: string) => routes[channel] as string }
    return {
      route: (channel, route) => this.routes({ ...routes, [channel]: route }),
      notify: (notification) => this.send(to as Recipient, notification as never),
    }
  }

  /** Throws unless each of them got one (so many; one that passes the check). */
  assertSentTo<N extends Notification<never>>(
    to: Someone | readonly Someone[],
    made: NotificationClass<N>,
    check?: Check<N>,
  ): void {
    for (const each of [to].flat() as Someone[]) {
      const found = this.#of(made, each)
      const name = `${made.name} was not sent to ${nameOf(each)}`
      if (typeof check === 'number') {
        const message = `${made.name} was sent ${found.length} times to ${nameOf(each)}, not ${check}`
        demand(found.length === check, `${message}. ${this.#story()}`)
      } else if (check === undefined) demand(found.length > 0, `${name}. ${this.#story()}`)
      else {
        const passes = found.some(({ notification, channels }) =>
          check(notification as N, channels),
        )
        demand(passes, `${name} as it should have been. ${this.#story()}`)
      }
    }
  }

  assertSentToTimes<N extends Notification<never>>(
    to: Someone,
    made: NotificationClass<N>,
    times: number,
  ): void {
    this.assertSentTo(to, made, times)
  }

  assertNotSentTo<N extends Notification<never>>(
    to: Someone | readonly Someone[],
    made: NotificationClass<N>,
  ): void {
    for (const each of [to].flat() as Someone[]) {
      const isUnsent = this.#of(made, each).length === 0
      demand(isUnsent, `${made.name} was sent to ${nameOf(each)}, and should not have been.`)
    }
  }

  assertNotSent<N extends Notification<never>>(made: NotificationClass<N>): void {
    const { length } = this.#of(made)
    demand(length === 0, `${made.name} was sent ${length} times, and should not have been.`)
  }

  assertSentTimes<N extends Notification<never>>(made: NotificationClass<N>, times: number): void {
    const { length } = this.#of(made)
    demand(
      length === times,
      `${made.name} was sent ${length} times, not ${times}. ${this.#story()}`,
    )
  }

  /** To addresses alone. */
  assertSentOnDemand<N extends Notification<never>>(
    made: NotificationClass<N>,
    check?: (notification: N, channels: readonly string[], routes: object) => boolean,
  ): void {
    const found = this.#of(made).filter(({ to }) => routesOf(to) !== null)
    const passes = found.some(
      ({ notification, channels, to }) =>
        check?.(notification as N, channels, routesOf(to)!) ?? true,
    )
    demand(passes, `${made.name} was not sent on demand. ${this.#story()}`)
  }

  assertSentOnDemandTimes<N extends Notification<never>>(
    made: NotificationClass<N>,
    times: number,
  ): void {
    const { length } = this.#of(made).filter(({ to }) => routesOf(to) !== null)
    demand(length === times, `${made.name} was sent ${length} times on demand, not ${times}.`)
  }

  assertNothingSent(): void {
    demand(this.#sent.length === 0, `Something was sent. ${this.#story()}`)
  }

  assertNothingSentTo(to: Someone): void {
    const found = this.#sent.filter((sent) => isSame(sent.to, to))
    demand(found.length === 0, `Something was sent to ${nameOf(to)}. ${this.#story()}`)
  }

  /** How many there were in all, one for each recipient. */
  assertCount(count: number): void {
    const { length } = this.#sent
    demand(length === count, `${length} notifications were sent, not ${count}. ${this.#story()}`)
  }

  /** What somebody was sent, oldest first. */
  sent<N extends Notification<never>>(to: Someone, made: NotificationClass<N>): readonly N[] {
    return this.#of(made, to).map(({ notification }) => notification as N)
  }

  hasSent<N extends Notification<never>>(to: Someone, made: NotificationClass<N>): boolean {
    return this.sent(to, made).length > 0
  }

  async #note<To extends Recipient>(
    to: To | string,
    notification: Notification<To>,
    forced?: readonly string[],
  ): Promise<void> {
    const recipient = (typeof to === 'string' ? { id: to } : to) as To
    const channels: string[] = []
    for (const channel of forced ?? (await notification.via(recipient))) {
      if ((await notification.shouldSend?.(recipient, channel)) !== false) channels.push(channel)
    }
    if (channels.length === 0) return
    this.#sent.push({ to, notification: notification as unknown as Notification<never>, channels })
  }

  #of<N extends Notification<never>>(made: NotificationClass<N>, to?: Someone): readonly Sent[] {
    return this.#sent.filter(
      (sent) => sent.notification instanceof made && (to === undefined || isSame(sent.to, to)),
    )
  }

  /** For whoever wonders why an assertion failed. */
  #story(): string {
    if (this.#sent.length === 0) return 'Nothing was sent at all.'
    const lines = this.#sent.map(({ to, notification, channels }) => {
      return `${notification.constructor.name} to ${nameOf(to)} by ${channels.join(', ')}`
    })
    return `Sent were: ${lines.join('; ')}.`
  }
}

function current(): NotificationFake {
  const there = currentNotifier.isThere ? currentNotifier.get() : null
  if (there instanceof NotificationFake) return there
  throw new Error('No fake takes notifications: say NotificationFake.fake() first.')
}
