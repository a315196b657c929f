import { BelfryError, type Clock, isoTime, messageOf } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Action } from '../notifications/notification-record.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { GuardedSender } from './http/guarded-sender.ts'
import { outcomeOf } from './http/http-outcome.ts'
import type { Publish } from './mqtt.ts'
import type { SecretsOf } from './webhook.ts'
import { isWebhookSecret, webhookHeaders } from './webhook-signature.ts'

/** An action that somebody has chosen, and on what. */
export interface ActionContent {
  readonly action: Action
  readonly index: number
  /** What he wrote, where the action is a reply. */
  readonly text: string | null
}

interface Parts {
  readonly publish: Publish
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  readonly secretsOf: SecretsOf
  /** Whether actions may publish on a topic. */
  readonly mayPublish: (topic: string) => boolean
  readonly clock: Clock
}

/**
 * Carries out what people choose to do about notifications: a message to a
 * device (`mqtt`), or a signed call of a URL (`http`, `reply`).
 */
export class ActionProvider implements Provider<ActionContent> {
  readonly name = 'action'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(job: DeliveryJob<ActionContent>, signal: AbortSignal): Promise<SendOutcome> {
    return job.action.type === 'mqtt' ? this.#publish(job) : this.#call(job, signal)
  }

  async close(): Promise<void> {
    await this.#parts.sender.close()
  }

  async #publish({ id, action }: DeliveryJob<ActionContent>): Promise<SendOutcome> {
    const topic = String(action.topic)
    if (!this.#parts.mayPublish(topic)) {
      return { status: 'failed', reason: `actions may not publish on ${topic}` }
    }
    try {
      await this.#parts.publish(topic, payloadOf(action.payload), { qos: 1 })
      return { status: 'sent', id }
    } catch (error) {
      const isRefused = error instanceof BelfryError && !error.retryable
      return { status: isRefused ? 'failed' : 'unreachable', reason: messageOf(error) }
    }
  }

  async #call(job: DeliveryJob<ActionContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { sender, secretsOf, clock } = this.#parts
    const secrets = await secretsOf(job.user_id)
    if (!secrets.every(isWebhookSecret)) {
      return { status: 'failed', reason: 'webhook_secret is not whsec_ and base64' }
    }
    const body = bodyOf(job)
    const now = clock.now()
    const headers = webhookHeaders({ id: job.id, at: now, body, secrets })
    const result = await sender.post({ url: String(job.action.url), body, headers }, signal)
    return outcomeOf(result, { now, lost: 'retry' })
  }
}

/** The same bytes at every try. */
function bodyOf(job: DeliveryJob<ActionContent>): string {
  const { action, index, text, user_id, notification_id, created_at } = job
  return JSON.stringify({
    type: action.type === 'reply' ? 'notification.replied' : 'notification.action',
    timestamp: isoTime(created_at * 1000),
    data: {
      ...{ notification_id, user_id, index, label: action.label },
      ...(text === null ? {} : { text }),
      ...(action.body === undefined ? {} : { body: action.body }),
    },
  })
}

function payloadOf(payload: unknown): string {
  if (payload === undefined) return ''
  return typeof payload === 'string' ? payload : JSON.stringify(payload)
}
