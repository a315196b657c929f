import { z } from 'zod'
import type { Outbox } from '../services/deliveries/outbox.ts'
import { assertUserId } from '../services/directory/user-record.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import type { BroadcastService } from '../services/notifications/broadcast-service.ts'
import type { DirectService } from '../services/notifications/direct-service.ts'
import { messageOf } from '../services/notifications/notification-record.ts'
import type { Rehearsal } from '../services/notifications/rehearsal.ts'
import { Conflict, type Context, InvalidPayload } from '../src/index.ts'
import { email, phone } from './addresses.ts'
import { toMessage } from './message-fields.ts'
import type { SendBody } from './send-fields.ts'

export const ReleaseBody = z.object({
  /** An e-mail address or a telephone number, as the message's channel takes it. */
  to: z.string().min(1).max(320),
})

/** How many people of an audience are looked at one by one. */
const MOST_SHOWN = 5

type IdParam = { readonly id: string }

interface Parts {
  readonly rehearsal: Rehearsal
  readonly broadcasts: BroadcastService
  readonly outbox: Outbox
  readonly direct: DirectService
}

/** Looking at a message before it is sent, and sending one that was only looked at. */
export class RehearsalController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What `POST /api/notifications` would do with the same body. */
  dryRun = async ({ payload, receivedAt }: Context<unknown, z.output<typeof SendBody>>) => {
    const { rehearsal, broadcasts } = this.#parts
    const { recipients, fields } = payload
    const message = toMessage(fields, receivedAt)
    const words = recipients.filter((to) => typeof to === 'string') as string[]
    const users = words.filter((word) => word.startsWith('user:')).map((word) => word.slice(5))
    const profiles = recipients.flatMap((to) =>
      typeof to === 'object' && 'user_id' in to ? [to.user_id] : [],
    )
    const addresses = recipients.flatMap((to) =>
      typeof to === 'object' && !('user_id' in to) ? [to] : [],
    )
    const audience = parseAudience(words.filter((word) => !word.startsWith('user:')))
    const many =
      audience === null ? { count: 0, sample: [] } : await broadcasts.reach(audience, MOST_SHOWN)
    const named = [...users, ...profiles]
    named.forEach(assertUserId)
    const looked = await Promise.all([
      ...[...named.slice(0, MOST_SHOWN), ...many.sample].map((user) =>
        rehearsal.toUser(user, message),
      ),
      ...addresses.slice(0, MOST_SHOWN).map((address) => rehearsal.toAddress(address, message)),
    ])
    return { recipients: named.length + addresses.length + many.count, data: looked }
  }

  /** Sends a message of the outbox after all; its attachments are not kept there. */
  release = async (context: Context<IdParam, z.output<typeof ReleaseBody>>) => {
    const { outbox, direct } = this.#parts
    const message = await outbox.find(context.params.id)
    const to = addressFor(message.channel, context.payload.to)
    const { subject, text, html } = message
    const texts = html === null ? {} : { email: { html } }
    const words = messageOf({ message: text, title: subject ?? 'Notification', texts })
    const { notification_id: id } = await direct.sendTo(to, words, identityOf(context))
    return { status: 'released', id, channel: message.channel }
  }
}

function addressFor(channel: string, to: string): { email: string } | { phone: string } {
  if (channel !== 'email' && channel !== 'sms') {
    throw new Conflict(`Only mails and text messages can be released, not ${channel}.`)
  }
  const checked = (channel === 'email' ? email() : phone()).safeParse(to)
  if (!checked.success) {
    const message = checked.error.issues[0]?.message ?? 'is not valid'
    throw new InvalidPayload(`to ${message}`, [{ path: 'to', message }])
  }
  return channel === 'email' ? { email: checked.data } : { phone: checked.data }
}
