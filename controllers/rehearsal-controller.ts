import type { z } from 'zod'
import { assertUserId } from '../services/directory/user-record.ts'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import type { BroadcastService } from '../services/notifications/broadcast-service.ts'
import type { Rehearsal } from '../services/notifications/rehearsal.ts'
import type { Context } from '../src/index.ts'
import { toMessage } from './message-fields.ts'
import type { SendBody } from './send-fields.ts'

/** How many people of an audience are looked at one by one. */
const MOST_SHOWN = 5

interface Parts {
  readonly rehearsal: Rehearsal
  readonly broadcasts: BroadcastService
}

/** Looking at a message before it is sent. */
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
}
