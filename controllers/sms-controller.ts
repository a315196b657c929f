import { z } from 'zod'
import { identityOf } from '../services/notifications/acceptance.ts'
import type { DirectService } from '../services/notifications/direct-service.ts'
import type { Context } from '../src/index.ts'
import { phone } from './addresses.ts'
import { nullsLeftOut } from './as-written.ts'
import { idempotencyKey, moment, priority, requiredText } from './fields.ts'

const REQUIRED = 'Phone number and message are required'

/** One text message (contract §3); at most 1600 characters, which is ten parts. */
export const SmsPayload = nullsLeftOut(
  z
    .object({
      phone: phone(REQUIRED),
      message: requiredText(REQUIRED, 1600),
      priority: priority(),
      send_at: moment().nullish(),
      expires_at: moment().nullish(),
      idempotency_key: idempotencyKey(),
    })
    .transform(({ send_at, expires_at, idempotency_key, ...rest }) => ({
      sms: { ...rest, sendAt: send_at ?? null, expiresAt: expires_at ?? null },
      idempotency_key,
    })),
)

/** `notifications/sms/send`: a text message to a bare number. */
export class SmsController {
  readonly #direct: DirectService

  constructor(parts: { direct: DirectService }) {
    this.#direct = parts.direct
  }

  send = async (context: Context<unknown, z.output<typeof SmsPayload>>) =>
    this.#direct.queueSms(context.payload.sms, identityOf(context))
}
