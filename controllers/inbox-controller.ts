import { z } from 'zod'
import type { InboxService } from '../services/notifications/inbox-service.ts'
import type { Context } from '../src/index.ts'
import { ownUser } from './own-user.ts'

export const InboxReadPayload = z
  .object({
    notification_id: z.string().min(1).max(128).optional(),
    all: z.boolean().optional(),
  })
  .refine(({ notification_id, all }) => notification_id !== undefined || all === true, {
    path: ['notification_id'],
    message: 'notification_id is required, or all: true',
  })

/** `notifications/inbox/…`: a device or an app that marks as read by MQTT. */
export class InboxController {
  readonly #inbox: InboxService

  constructor(parts: { inbox: InboxService }) {
    this.#inbox = parts.inbox
  }

  markRead = async (
    context: Context<{ readonly user_id: string }, z.output<typeof InboxReadPayload>>,
  ) => {
    const user = ownUser(context)
    const { notification_id: id } = context.payload
    const unread =
      id === undefined ? await this.#inbox.markAllRead(user) : await this.#inbox.markRead(user, id)
    return { status: 'read', unread_count: unread }
  }
}
