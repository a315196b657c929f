import type { AppCredentials, Clock } from '../../src/index.ts'
import type { ChannelWebhookContent } from '../broadcasts/channel-webhooks.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { GuardedSender } from './http/guarded-sender.ts'
import { outcomeOf } from './http/http-outcome.ts'

interface Parts {
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  /** Made later than this, with the HTTP port. */
  readonly credentials: () => AppCredentials
  readonly clock: Clock
}

/** Posts what happens on channels, signed as Pusher signs its webhooks. */
export class ChannelWebhookProvider implements Provider<ChannelWebhookContent> {
  readonly name = 'channel-webhook'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(job: DeliveryJob<ChannelWebhookContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { sender, credentials, clock } = this.#parts
    const { url, body } = job
    const headers = credentials().webhookHeaders(body)
    const result = await sender.post({ url, body, headers, isTrusted: true }, signal)
    return outcomeOf(result, { now: clock.now(), lost: 'retry' })
  }

  async close(): Promise<void> {
    await this.#parts.sender.close()
  }
}
