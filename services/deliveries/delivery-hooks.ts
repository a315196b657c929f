import { channelWord, type Lifecycle } from '../../src/index.ts'
import type { SendOutcome } from '../channels/channel.ts'
import type { DeliveryJob } from './delivery-job.ts'

/** How soon a worker that has the class may take it. */
const ELSEWHERE_MS = 10_000

/** What a notification's class has to say while its job is worked on. */
export class DeliveryHooks {
  readonly #lifecycle: Lifecycle

  constructor(lifecycle: Lifecycle) {
    this.#lifecycle = lifecycle
  }

  /** Why it is not sent; `null`: it is. Throws what `shouldSend` throws. */
  async before({ said, channel }: DeliveryJob): Promise<SendOutcome | null> {
    if (said === undefined) return null
    if (!this.#lifecycle.knows(said)) {
      const reason = `the class ${said.notification.class} is not loaded here`
      return { status: 'unreachable', reason, retryAfterMs: ELSEWHERE_MS }
    }
    const refusal = await this.#lifecycle.before(said, channelWord(channel))
    return refusal === null ? null : { status: 'skipped', reason: refusal }
  }

  /** Sends within the steps of its class. Throws what they throw. */
  async around(
    { said, channel }: DeliveryJob,
    send: () => Promise<SendOutcome>,
  ): Promise<SendOutcome> {
    if (said === undefined) return send()
    let outcome: SendOutcome | null = null
    try {
      await this.#lifecycle.around(said, channelWord(channel), async () => {
        outcome = await send()
      })
    } catch (error) {
      // What a step says once it is out does not send it again.
      if (outcome === null) throw error
    }
    return outcome ?? { status: 'skipped', reason: 'middleware' }
  }

  /** `isLast`: no further try follows this outcome. */
  async after(
    { said, channel }: DeliveryJob,
    outcome: SendOutcome,
    isLast: boolean,
  ): Promise<void> {
    if (said === undefined || !this.#lifecycle.knows(said)) return
    const word = channelWord(channel)
    if (outcome.status === 'sent' || outcome.status === 'delivered') {
      await this.#lifecycle.sent(said, word, outcome.id ?? outcome.detail ?? null)
    } else if (isLast) {
      const reason = 'reason' in outcome ? outcome.reason : outcome.status
      await this.#lifecycle.failed(said, word, new Error(reason))
    }
  }
}
