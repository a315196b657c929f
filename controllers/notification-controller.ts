import type { z } from 'zod'
import { assertUserId } from '../services/directory/user-record.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { EVERYBODY } from '../services/notifications/broadcast-record.ts'
import type { BroadcastService } from '../services/notifications/broadcast-service.ts'
import type { NotificationService } from '../services/notifications/notification-service.ts'
import type { Context } from '../src/index.ts'
import { type BroadcastPayload, type MessagePayload, toMessage } from './message-fields.ts'

/** `notifications/realtime/…`: messages to one person, to a group, to everybody. */
export class NotificationController {
  readonly #notifications: NotificationService
  readonly #broadcasts: BroadcastService

  constructor(parts: { notifications: NotificationService; broadcasts: BroadcastService }) {
    this.#notifications = parts.notifications
    this.#broadcasts = parts.broadcasts
  }

  sendToUser = async (
    context: Context<{ readonly user_id: string }, z.output<typeof MessagePayload>>,
  ) => {
    assertUserId(context.params.user_id)
    return this.#notifications.send({
      userId: context.params.user_id,
      message: toMessage(context.payload, context.receivedAt),
      identity: identityOf(context),
    })
  }

  sendToGroup = async (
    context: Context<{ readonly group_id: string }, z.output<typeof MessagePayload>>,
  ) => {
    const group = context.params.group_id
    assertUserId(group)
    return this.#broadcasts.announce({
      audience: { everybody: false, users: [], groups: [group], roles: [] },
      message: toMessage(context.payload, context.receivedAt),
      identity: identityOf(context),
      origin: { group_id: group },
      status: 'group_sent',
    })
  }

  broadcast = async (context: Context<unknown, z.output<typeof BroadcastPayload>>) => {
    const groups = context.payload.target_groups
    groups.forEach(assertUserId)
    return this.#broadcasts.announce({
      audience:
        groups.length === 0 ? EVERYBODY : { everybody: false, users: [], groups, roles: [] },
      message: toMessage(context.payload, context.receivedAt),
      identity: identityOf(context),
      status: 'broadcast_sent',
    })
  }
}
