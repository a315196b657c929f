import { type Clock, isoTime, messageOf } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Outbox } from '../deliveries/outbox.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { UnsendableMail } from './email-compose.ts'
import { type Renderer, rendererOf } from './outbox-rendering.ts'

interface Parts {
  readonly channel: string
  readonly outbox: Outbox
  readonly clock: Clock
  /** The sender of mails, `MAIL_FROM`; other channels do not need it. */
  readonly from: string
}

/** Stands in for the provider of a channel that has none: renders, and keeps what it would send. */
export class OutboxProvider implements Provider {
  readonly name = 'outbox'
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #render: Renderer

  constructor({ channel, outbox, clock, from }: Parts) {
    this.#outbox = outbox
    this.#clock = clock
    this.#render = rendererOf(channel, from)
  }

  /** Rejects when the store is away; a message that cannot be rendered has failed. */
  async send(job: DeliveryJob): Promise<SendOutcome> {
    const now = this.#clock.now()
    try {
      const { id, channel, user_id, notification_id } = job
      const rendering = await this.#render(job, now)
      const created_at = isoTime(now)
      await this.#outbox.add({ id, channel, ...rendering, created_at, user_id, notification_id })
      return { status: 'sent', id }
    } catch (error) {
      if (error instanceof UnsendableMail) return { status: 'failed', reason: messageOf(error) }
      throw error
    }
  }
}
