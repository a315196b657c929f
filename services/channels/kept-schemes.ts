import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { PostContent } from './http/post-message.ts'

interface Parts {
  readonly provider: Provider<PostContent>
  readonly outbox: Provider
  /** Schemes of addresses whose vendors nobody configured: `slack`, `telegram`. */
  readonly schemes: readonly string[]
}

/** Keeps in the outbox what is for vendors without credentials of ours; the rest goes out. */
export class KeptSchemes implements Provider<PostContent> {
  readonly name: string
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  async send(job: DeliveryJob<PostContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { provider, outbox, schemes } = this.#parts
    const scheme = URL.parse(job.url ?? '')?.protocol.slice(0, -1)
    if (scheme === undefined || !schemes.includes(scheme)) return provider.send(job, signal)
    return { ...(await outbox.send(job, signal)), provider: outbox.name }
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }
}
