import { BelfryError, messageOf } from '../../support/errors.ts'
import { type Broadcaster, BroadcastFailed, type BroadcastMessage } from '../broadcaster.ts'
import { envelopeOf } from './redis.ts'

type Publish = (topic: string, payload: string, options: { readonly qos: 1 }) => Promise<void>

/** A broker that does not answer for so long is away. */
const ANSWER_WITHIN_MS = 10_000

/** Every channel is a topic, `broadcasts/<channel>`; the payload is `{event,data,socket}`, QoS 1. */
export class MqttBroadcaster implements Broadcaster {
  readonly name = 'mqtt'
  readonly #publish: Publish
  readonly #prefix: string

  constructor({ publish, prefix = 'broadcasts/' }: { publish: Publish; prefix?: string }) {
    this.#publish = publish
    this.#prefix = prefix
  }

  async verify(): Promise<void> {
    const nobody = { event: 'check', data: '{}', except: null }
    await this.broadcast({ ...nobody, channels: ['broadcasting.check'] })
  }

  async broadcast(message: BroadcastMessage, signal?: AbortSignal): Promise<void> {
    const payload = envelopeOf(message)
    const within = AbortSignal.any([
      AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(signal ? [signal] : []),
    ])
    try {
      const published = message.channels.map((channel) =>
        this.#publish(this.#prefix + channel, payload, { qos: 1 }),
      )
      await Promise.race([Promise.all(published), whenAborted(within)])
    } catch (error) {
      const isRefused = error instanceof BelfryError && !error.retryable
      throw new BroadcastFailed(isRefused ? 'refused' : 'unreachable', messageOf(error), {
        cause: error,
      })
    }
  }
}

/** A client that reconnects keeps what it is given and sends it when it is back: we do not wait. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(new Error('the broker did not answer'))
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
  })
}
