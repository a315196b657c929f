import { InvalidPayload } from '../../support/errors.ts'
import type { Publisher } from '../message.ts'
import type { OrderedBroker } from './ordered-broker.ts'
import { topicFault } from './topic-filter.ts'

/**
 * Publishes for the service itself, past the intake: resolves when the message
 * is stored for subscribers that are away and on its way to the others. QoS 1
 * unless told; `correlationData` has no place in MQTT 3.1.1.
 */
export class OwnPublisher implements Publisher {
  readonly #broker: OrderedBroker
  readonly #prefix: string

  constructor(broker: OrderedBroker, prefix: string) {
    this.#broker = broker
    this.#prefix = prefix
  }

  /** Rejects with `InvalidPayload` for a topic that nobody could subscribe to. */
  async publish(
    topic: string,
    payload: string | Buffer,
    { qos = 1, retain = false }: { qos?: 0 | 1 | 2; retain?: boolean } = {},
  ): Promise<void> {
    const full = this.#prefix + topic
    const fault = full.startsWith('$') ? 'it begins with $' : topicFault(full)
    if (fault !== null) throw new InvalidPayload(`Cannot publish on this topic: ${fault}.`)
    const room = this.#broker.room()
    if (room) await room
    await this.#broker.take({ topic: full, payload, qos, retain, dup: false })
  }
}
