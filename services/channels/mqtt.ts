import { BelfryError, type Clock, messageOf } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { Provider, SendOutcome } from './channel.ts'

/** Hands a message to the broker; resolves when the broker has it. */
export type Publish = (
  topic: string,
  payload: string,
  options: { readonly qos: 1; readonly retain?: boolean },
) => Promise<void>

export interface MqttContent {
  readonly notification: NotificationRecord
  /** What a notification class made for MQTT. */
  readonly mqtt?: { readonly topic: string; readonly payload: object; readonly retain: boolean }
}

/** A broker that does not answer for so long is away. */
const ANSWER_WITHIN_MS = 10_000

/**
 * The `mqtt` channel: a notification's record on `users/{user_id}/inbox`, QoS 1.
 * While the broker is away deliveries wait; one whose answer was lost is
 * published again, so a subscriber may see the same id twice.
 */
export class MqttProvider implements Provider<MqttContent> {
  readonly name = 'mqtt'
  readonly #publish: Publish
  readonly #clock: Clock

  constructor(parts: { publish: Publish; clock: Clock }) {
    this.#publish = parts.publish
    this.#clock = parts.clock
  }

  async send(job: DeliveryJob<MqttContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { notification, mqtt } = job
    const topic = mqtt?.topic ?? `users/${notification.user_id}/inbox`
    const text = JSON.stringify(mqtt?.payload ?? notification)
    try {
      const retain = mqtt?.retain ? { retain: true } : {}
      const published = this.#publish(topic, text, { qos: 1, ...retain })
      await this.#within(published, signal)
      return { status: 'sent', id: notification.id }
    } catch (error) {
      const isRefused = error instanceof BelfryError && !error.retryable
      return { status: isRefused ? 'failed' : 'unreachable', reason: messageOf(error) }
    }
  }

  /** A client that reconnects keeps what it is given and answers when it is back: we do not wait. */
  #within(published: Promise<void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = () => reject(new Error('the broker did not answer'))
      const cancel = this.#clock.after(ANSWER_WITHIN_MS, give)
      signal.addEventListener('abort', give, { once: true })
      published.then(resolve, reject).finally(() => {
        cancel()
        signal.removeEventListener('abort', give)
      })
    })
  }
}
