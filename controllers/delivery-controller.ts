import type { Cancellation } from '../services/deliveries/cancellation.ts'
import type { Context } from '../src/index.ts'

/** `notifications/deliveries/…`: what was accepted and has not gone out yet. */
export class DeliveryController {
  readonly #cancellation: Cancellation

  constructor(parts: { cancellation: Cancellation }) {
    this.#cancellation = parts.cancellation
  }

  cancel = async (context: Context<{ readonly id: string }>) =>
    this.#cancellation.cancel(context.params.id)
}
