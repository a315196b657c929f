import type { EventDispatcher } from '../events/dispatcher.ts'
import { through } from '../queue/job-step.ts'
import { type AnyClass, ClassRegistry, type Frozen } from '../support/class-registry.ts'
import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import { partialSnapshotOf, snapshotOf } from '../support/snapshot.ts'
import { withLocale } from './locale.ts'
import type { Notification } from './notification.ts'
import { NotificationFailed, NotificationSending, NotificationSent } from './notification-events.ts'
import type { Recipient } from './recipient.ts'

/** Who says what to whom, as a job holds it for what happens in the worker. */
export interface Said {
  readonly notification: Frozen
  readonly to: Frozen
  readonly locale: string
}

/** Why a notification does not go out. */
export type Refusal = 'should_send' | `vetoed by listener ${string}`

/** Who says what to whom, in which language. */
export interface Speaking {
  readonly notification: Notification
  readonly to: Recipient
  readonly locale: string
}

interface Parts {
  readonly events: EventDispatcher
  readonly log: Logger
}

/** What a notification's own class and the listeners have to say before and after it goes out. */
export class Lifecycle {
  readonly classes = new ClassRegistry()
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Makes classes known by their names, as jobs hold them. */
  load(classes: readonly AnyClass[]): void {
    for (const each of classes) this.classes.add(each)
  }

  /** Throws `TypeError` when a field of the notification cannot be kept. */
  freeze(notification: Notification, to: Recipient, locale: string): Said {
    return { notification: this.classes.freeze(notification), to: frozenRecipient(to), locale }
  }

  /** Whether the class of what a job says is loaded in this process. */
  knows({ notification }: Said): boolean {
    return this.classes.has(notification.class)
  }

  /** `null`: it may go out. Throws what `shouldSend` throws. */
  async before(said: Said, channel: string): Promise<Refusal | null> {
    return this.beforeSending(this.#thaw(said), channel)
  }

  async beforeSending(speaking: Speaking, channel: string): Promise<Refusal | null> {
    const { notification, to, locale } = speaking
    const { events } = this.#parts
    return withLocale(locale, async (): Promise<Refusal | null> => {
      if ((await notification.shouldSend?.(to, channel)) === false) return 'should_send'
      if (!events.hasListeners(NotificationSending)) return null
      const sending = new NotificationSending(notification, to, channel)
      const listener = await events.vetoedBy(sending)
      return listener === null ? null : `vetoed by listener ${listener}`
    })
  }

  /** Hands it over within the steps that its class puts around that; one of them may keep it. */
  async around(said: Said, channel: string, hand: () => Promise<void>): Promise<void> {
    const { notification, to, locale } = this.#thaw(said)
    await withLocale(locale, async () => {
      const steps = notification.middleware?.(to, channel) ?? []
      await through(steps, { notification, to, channel }, hand)
    })
  }

  async sent(said: Said, channel: string, response: unknown): Promise<void> {
    await this.afterSending(this.#thaw(said), channel, response)
  }

  /** It is out: what goes wrong from here on is logged, and sends nothing again. */
  async afterSending(speaking: Speaking, channel: string, response: unknown): Promise<void> {
    const { notification, to } = speaking
    await this.#quietly(speaking, 'afterSending', async () => {
      await notification.afterSending?.(to, channel, response)
    })
    await this.#quietly(speaking, 'NotificationSent', async () => {
      const { events } = this.#parts
      if (!events.hasListeners(NotificationSent)) return
      await events.dispatch(new NotificationSent(notification, to, channel, response))
    })
  }

  async failed(said: Said, channel: string, error: Error): Promise<void> {
    await this.afterFailing(this.#thaw(said), channel, error)
  }

  async afterFailing(speaking: Speaking, channel: string, error: Error): Promise<void> {
    const { notification, to } = speaking
    await this.#quietly(speaking, 'failed', async () => {
      await notification.failed?.(error, to, channel)
    })
    await this.#quietly(speaking, 'NotificationFailed', async () => {
      const { events } = this.#parts
      if (!events.hasListeners(NotificationFailed)) return
      const data = { exception: messageOf(error) }
      await events.dispatch(new NotificationFailed(notification, to, channel, data))
    })
  }

  #thaw({ notification, to, locale }: Said): Speaking {
    const thawed = this.classes.thaw(notification)
    if (thawed === null) throw new Error(`The class ${notification.class} is not loaded here.`)
    const plain = { ...to, class: '' }
    const recipient = this.classes.thaw(to) ?? this.classes.thaw(plain)
    return { notification: thawed as Notification, to: recipient as Recipient, locale }
  }

  async #quietly({ notification, locale }: Speaking, what: string, run: () => Promise<void>) {
    try {
      await withLocale(locale, run)
    } catch (error) {
      const name = notification.constructor.name
      this.#parts.log.error({ err: error, notification: name, what }, 'a notification’s hook threw')
    }
  }
}

const MOST_CHARACTERS = 16_384

/** People may be objects of any library: of them, what a worker can use. */
function frozenRecipient(to: Recipient): Frozen {
  const { name } = to.constructor
  const data = partialSnapshotOf(to)
  if (data.length <= MOST_CHARACTERS) return { class: name === 'Object' ? '' : name, data }
  const scalars = Object.entries(to).filter(([, value]) => typeof value !== 'object')
  return { class: name, data: snapshotOf(Object.fromEntries(scalars)) }
}
