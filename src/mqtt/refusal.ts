import type { ErrorBody } from '../support/errors.ts'
import type { IncomingMessage } from './message.ts'

/** A message that was turned away: what the dead-letter list and `notifications/errors` tell. */
export interface Refusal {
  readonly code: ErrorBody['code']
  readonly error: ErrorBody
  /** The concrete topic, without `MQTT_TOPIC_PREFIX`. */
  readonly topic: string
  /** As it came, a token in it included: strip that before it is kept. */
  readonly payload: Buffer
  readonly meta: IncomingMessage['meta']
  readonly peer: string
  /** Whose it was; empty: the default tenant's, or nobody proved who he is. */
  readonly tenant: string
  /** Epoch milliseconds of the arrival. */
  readonly at: number
}
