import { Conflict } from '../../src/index.ts'
import type { EmailAttachment } from '../channels/email-content.ts'
import type { Outbox, OutboxMessage } from '../deliveries/outbox.ts'
import type { QueueAdmin } from '../deliveries/queue-admin.ts'
import type { Identity } from '../notifications/acceptance.ts'
import type { Platform } from '../notifications/direct-message.ts'
import type { DirectService } from '../notifications/direct-service.ts'

/** Where a message of the outbox goes after all; each channel has its kind of address. */
export type ReleaseTo =
  | { readonly channel: 'email'; readonly email: string; readonly withoutAttachments: boolean }
  | { readonly channel: 'sms' | 'voice'; readonly phone: string }
  | { readonly channel: 'slack' | 'discord' | 'webhook'; readonly url: string }
  | {
      readonly channel: 'push'
      readonly platform: Platform
      /** Bare ones, or none: to the devices of the user. */
      readonly tokens: readonly string[]
      readonly userId: string | null
    }

interface Parts {
  readonly outbox: Outbox
  readonly queues: QueueAdmin
  readonly direct: DirectService
}

const AT_ONCE = { priority: 'normal', sendAt: null, expiresAt: null } as const

/** Sends what was only kept: with the words that were looked at, to an address that somebody reads. */
export class OutboxRelease {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Answers with the id of the new delivery. Throws `Conflict`, `InvalidPayload`. */
  async release(message: OutboxMessage, to: ReleaseTo, identity: Identity): Promise<string> {
    const { direct } = this.#parts
    switch (to.channel) {
      case 'email':
        return this.#mail(message, to, identity)
      case 'sms': {
        const text = { ...AT_ONCE, phone: to.phone, message: message.text }
        return (await direct.queueSms(text, identity)).sms_id
      }
      case 'voice': {
        const call = { ...AT_ONCE, phone: to.phone, message: message.text }
        return (await direct.queueCall(call, identity)).call_id
      }
      case 'slack':
      case 'discord':
      case 'webhook':
        return direct.queuePost(to.channel, { ...postedOf(message), url: to.url }, identity)
      case 'push': {
        const { platform, tokens, userId } = to
        const { data } = message.content
        const push = {
          ...{ ...AT_ONCE, platform, tokens, userId, body: message.text },
          title: message.subject ?? 'Notification',
          data: (data ?? {}) as Readonly<Record<string, unknown>>,
        }
        return (await direct.queuePush(push, identity)).push_id
      }
    }
  }

  /** To the one address alone: copies would reach people who were never meant to be asked. */
  async #mail(
    message: OutboxMessage,
    to: ReleaseTo & { channel: 'email' },
    identity: Identity,
  ): Promise<string> {
    const { subject, text: body, html: htmlBody } = message
    const attachments = to.withoutAttachments ? [] : await this.#attachmentsOf(message)
    const alone = { cc: [], bcc: [], replyTo: null, actions: [] }
    const mail = { ...AT_ONCE, ...alone, to: [to.email], body, htmlBody, attachments }
    const { email_id } = await this.#parts.direct.queueEmail(
      { ...mail, subject: subject ?? 'Notification' },
      identity,
    )
    return email_id
  }

  /** The outbox lists them; their bytes are with the delivery, which is kept for a day. */
  async #attachmentsOf({ id, content }: OutboxMessage): Promise<readonly EmailAttachment[]> {
    const listed = content.attachments
    if (!Array.isArray(listed) || listed.length === 0) return []
    const job = await this.#parts.queues.delivery(id).catch(() => null)
    const { attachments = [] } = (job ?? {}) as { attachments?: readonly EmailAttachment[] }
    if (attachments.length === listed.length) return attachments
    throw new Conflict(
      'Its attachments are not kept any more; say without_attachments to send the rest.',
    )
  }
}

/** What a post says, without what ties it to the one it was for. */
function postedOf({ content }: OutboxMessage): object {
  const { about, alert_id, ...posted } = content
  return posted
}
