import { messageOf, type OwnChannel } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { isUnreachable, type Provider, type SendOutcome } from './channel.ts'

/** What the job of a channel that somebody added holds. */
export interface OwnContent {
  readonly address?: string
  /** What a class made for it. */
  readonly own?: unknown
  readonly title?: string
  /** Of an ordinary message. */
  readonly message?: string
  readonly url?: string | null
}

/** Somebody's own channel as a provider: what it throws decides what becomes of the delivery. */
export class OwnChannelProvider implements Provider<OwnContent> {
  readonly name: string
  readonly #channel: OwnChannel

  constructor(name: string, channel: OwnChannel) {
    this.name = name
    this.#channel = channel
  }

  async send(job: DeliveryJob<OwnContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { id, own, title, message, address, url, attempts } = job
    const ended = Promise.withResolvers<never>()
    const end = () => ended.reject(signal.reason)
    signal.addEventListener('abort', end, { once: true })
    try {
      const sending = this.#channel.send({
        ...{ id, attempts, signal },
        message: own ?? { title, message },
        address: address ?? url ?? job.user_id ?? '',
        userId: job.user_id,
        notificationId: job.notification_id,
      })
      // A channel that does not mind the signal holds up nobody.
      const answer = await Promise.race([sending, ended.promise])
      return { status: 'sent', ...(typeof answer === 'string' ? { id: answer } : {}) }
    } catch (error) {
      return isTooLate(signal) ? tooLong(job) : outcomeOf(error)
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  async verify(): Promise<void> {
    await this.#channel.verify?.()
  }

  async close(): Promise<void> {
    await this.#channel.close?.()
  }
}

function isTooLate({ aborted, reason }: AbortSignal): boolean {
  return aborted && (reason as Error | undefined)?.name === 'TimeoutError'
}

function tooLong({ timeout_ms = 0 }: DeliveryJob): SendOutcome {
  return { status: 'retry', reason: `took longer than ${timeout_ms / 1000} s` }
}

function outcomeOf(error: unknown): SendOutcome {
  const reason = messageOf(error)
  if (isUnreachable(error)) return { status: 'unreachable', reason }
  const { retryable } = (error ?? {}) as { readonly retryable?: unknown }
  return { status: retryable === false ? 'failed' : 'retry', reason }
}
