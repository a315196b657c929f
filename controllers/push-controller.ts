import { z } from 'zod'
import { identityOf } from '../services/notifications/acceptance.ts'
import { PLATFORMS, type Platform } from '../services/notifications/direct-message.ts'
import type { DirectService } from '../services/notifications/direct-service.ts'
import { type Context, InvalidPayload } from '../src/index.ts'
import { nullsLeftOut } from './as-written.ts'
import { idempotencyKey, moment, priority, requiredText, userId } from './fields.ts'

const REQUIRED = 'Token (or tokens, or user_id) and title are required'
const deviceToken = z.string().regex(/^[^\s\p{Cc}]{1,4096}$/u, 'must be a device token')

/** One push notification to one device, to several, or to a user's (contract §3). */
export const PushPayload = nullsLeftOut(
  z
    .object({
      token: deviceToken.nullish(),
      tokens: z.array(deviceToken).max(500).nullish(),
      user_id: userId().nullish(),
      title: requiredText(REQUIRED, 400),
      body: z.string().max(4000).default(''),
      data: z.record(z.string(), z.unknown()).default({}),
      priority: priority(),
      send_at: moment().nullish(),
      expires_at: moment().nullish(),
      idempotency_key: idempotencyKey(),
    })
    .transform(({ idempotency_key, token, tokens, user_id, send_at, expires_at, ...rest }) => ({
      push: {
        ...rest,
        tokens: [...new Set([...(token ? [token] : []), ...(tokens ?? [])])],
        userId: user_id ?? null,
        sendAt: send_at ?? null,
        expiresAt: expires_at ?? null,
      },
      idempotency_key,
    }))
    .refine(({ push }) => push.tokens.length > 0 || push.userId !== null, {
      path: ['token'],
      message: REQUIRED,
    }),
)

/** `notifications/push/mobile/{platform}`: a push notification to bare tokens. */
export class PushController {
  readonly #direct: DirectService

  constructor(parts: { direct: DirectService }) {
    this.#direct = parts.direct
  }

  send = async (context: Context<{ readonly platform: string }, z.output<typeof PushPayload>>) => {
    const platform = platformOf(context.params.platform)
    return this.#direct.queuePush({ ...context.payload.push, platform }, identityOf(context))
  }
}

function platformOf(text: string): Platform {
  const platform = PLATFORMS.find((known) => known === text)
  if (platform !== undefined) return platform
  const message = `must be one of ${PLATFORMS.join(', ')}`
  throw new InvalidPayload(`platform ${message}`, [{ path: 'platform', message }])
}
