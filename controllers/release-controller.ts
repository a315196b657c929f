import { z } from 'zod'
import type { Outbox } from '../services/deliveries/outbox.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { PLATFORMS } from '../services/notifications/direct-message.ts'
import type { OutboxRelease, ReleaseTo } from '../services/operations/outbox-release.ts'
import { Conflict, type Context, InvalidPayload, isSafeId } from '../src/index.ts'
import { email, phone } from './addresses.ts'

const MOST_ADDRESS = 4096

export const ReleaseBody = z.object({
  to: z
    .string()
    .min(1)
    .max(MOST_ADDRESS)
    .describe(
      'An e-mail address, a telephone number, the URL of a hook; for push a device token or user:<id>',
    ),
  platform: z.enum(PLATFORMS).default('android').describe('Of the device; for push alone'),
  without_attachments: z.boolean().default(false),
})

type Release = z.output<typeof ReleaseBody>

interface Parts {
  readonly outbox: Outbox
  readonly outboxRelease: OutboxRelease
}

/** Sends messages after all that were only kept. */
export class ReleaseController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  release = async (context: Context<{ readonly id: string }, Release>) => {
    const { outbox, outboxRelease } = this.#parts
    const message = await outbox.find(context.params.id)
    const to = addressFor(message.channel, context.payload)
    const id = await outboxRelease.release(message, to, identityOf(context))
    return { status: 'released', id, channel: message.channel }
  }
}

function addressFor(channel: string, body: Release): ReleaseTo {
  const { to, platform, without_attachments: withoutAttachments } = body
  switch (channel) {
    case 'email':
      return { channel, email: checked(email(), to), withoutAttachments }
    case 'sms':
    case 'voice':
      return { channel, phone: checked(phone(), to) }
    case 'push': {
      const [, user] = /^user:(.+)$/.exec(to) ?? []
      if (user === undefined) return { channel, platform, tokens: [to], userId: null }
      if (!isSafeId(user)) throw invalid('must name a user, such as user:42')
      return { channel, platform, tokens: [], userId: user }
    }
    case 'slack':
    case 'discord':
    case 'webhook':
      if (!URL.canParse(to)) throw invalid('must be the URL of a hook')
      return { channel, url: to }
    default:
      throw new Conflict(`What was kept of ${channel} cannot be released.`)
  }
}

function checked(schema: z.ZodType<string>, to: string): string {
  const parsed = schema.safeParse(to)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error.issues[0]?.message ?? 'is not valid')
}

function invalid(message: string): InvalidPayload {
  return new InvalidPayload(`to ${message}`, [{ path: 'to', message }])
}
