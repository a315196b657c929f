import { z } from 'zod'
import type { Directory } from '../services/directory/directory.ts'
import { assertUserId } from '../services/directory/user-record.ts'
import { type Identity, identityOf } from '../services/notifications/acceptance.ts'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import type { BroadcastService } from '../services/notifications/broadcast-service.ts'
import type { DirectService } from '../services/notifications/direct-service.ts'
import { mintId } from '../services/notifications/mint-id.ts'
import { type Message, messageOf } from '../services/notifications/notification-record.ts'
import type { NotificationService } from '../services/notifications/notification-service.ts'
import type { TemplateRenderer } from '../services/templates/template-renderer.ts'
import { asBelfryError, type Clock, type Context, type ErrorBody, uuidFrom } from '../src/index.ts'
import { email, phone } from './addresses.ts'
import { safeId, userId } from './fields.ts'
import { self } from './inbox-api-controller.ts'
import { BroadcastPayload, MessagePayload, toMessage } from './message-fields.ts'

const Profile = z.strictObject({
  user_id: userId(),
  email: email().nullish(),
  phone: phone().nullish(),
  locale: z.string().max(35).nullish(),
  timezone: z.string().max(64).nullish(),
})

const Address = z.union([z.strictObject({ email: email() }), z.strictObject({ phone: phone() })])

const Word = z
  .string()
  .refine((word) => parseAudience([word]) !== null, 'say user:<id>, group:<id>, role:<name> or all')

const Recipient = z.union([Word, Profile, Address], {
  error: 'say user:<id>, group:<id>, role:<name>, all, a profile with user_id, {email} or {phone}',
})

/** `to` and a message: one call for every audience (contract §4). */
export const SendBody = z
  .object({ to: z.union([Recipient, z.array(Recipient).min(1).max(1000)]) })
  .loose()
  .transform(({ to, ...rest }, check) => {
    const message = MessagePayload.safeParse(rest)
    if (!message.success) {
      for (const issue of message.error.issues) {
        check.addIssue({ code: 'custom', path: issue.path, message: issue.message })
      }
      return z.NEVER
    }
    const recipients = Array.isArray(to) ? to : [to]
    return {
      recipients,
      message: toMessage(message.data),
      idempotency_key: message.data.idempotency_key,
    }
  })

/** `POST /api/broadcast` with seed 004's names too. */
export const BroadcastBody = z
  .object({
    level: z.enum(['info', 'success', 'warning', 'error']).optional(),
    target_roles: z.array(safeId('role')).max(100).default([]),
  })
  .loose()
  .transform(({ level, target_roles, ...rest }, check) => {
    const message = BroadcastPayload.safeParse(level ? { type: level, ...rest } : rest)
    if (message.success) {
      const { target_groups, idempotency_key } = message.data
      return {
        roles: target_roles,
        groups: target_groups,
        message: toMessage(message.data),
        idempotency_key,
      }
    }
    for (const { path, message: text } of message.error.issues) {
      check.addIssue({ code: 'custom', path, message: text })
    }
    return z.NEVER
  })

export const TestBody = z.object({
  message: z.string().max(4000).default('If you can read this, notifications reach you.'),
  title: z.string().max(200).default('Test notification'),
})

type To = z.output<typeof Recipient>

interface SentOne {
  readonly notification_id: string
  readonly user_id: string | null
  readonly channels: readonly string[]
}

interface Rejected {
  readonly to: unknown
  readonly error: ErrorBody
}

interface Parts {
  readonly clock: Clock
  readonly scope: string
  readonly partitions: number
  readonly notifications: NotificationService
  readonly broadcasts: BroadcastService
  readonly directory: Directory
  readonly direct: DirectService
  readonly templateRenderer: TemplateRenderer
}

/** `POST /api/notifications`: people, groups, roles, everybody, bare addresses. */
export class SendController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  send = async (context: Context<unknown, z.output<typeof SendBody>>) => {
    const { recipients, message } = context.payload
    const identity = identityOf(context)
    const many = recipients.filter((to) => typeof to === 'string' && !to.startsWith('user:'))
    const single = recipients.filter((to) => !many.includes(to))
    const results = await Promise.all(single.map((to) => this.#attempt(to, message, identity)))
    const broadcast =
      many.length > 0 ? await this.#announce(many as string[], message, identity) : null
    return {
      transaction_id: mintId(identity, this.#minting()),
      notifications: results.flatMap((result) => ('sent' in result ? [result.sent] : [])),
      ...(broadcast
        ? { broadcast_id: broadcast.broadcast_id, sent_count: broadcast.sent_count }
        : {}),
      rejected: results.flatMap((result) => ('rejected' in result ? [result.rejected] : [])),
    }
  }

  broadcast = async (context: Context<unknown, z.output<typeof BroadcastBody>>) => {
    const { roles, groups, message } = context.payload
    const everybody = roles.length + groups.length === 0
    return this.#parts.broadcasts.announce({
      audience: { everybody, users: [], groups, roles },
      message,
      identity: identityOf(context),
      status: 'broadcast_sent',
    })
  }

  progress = async (context: Context<{ readonly id: string }>) =>
    this.#parts.broadcasts.find(context.params.id)

  test = async (context: Context<unknown, z.output<typeof TestBody>>) =>
    this.#parts.notifications.send({
      userId: self(context),
      message: messageOf(context.payload),
      identity: identityOf(context),
    })

  async #attempt(
    to: To,
    message: Message,
    identity: Identity,
  ): Promise<{ sent: SentOne } | { rejected: Rejected }> {
    try {
      return { sent: await this.#sendOne(to, message, identity) }
    } catch (error) {
      const known = asBelfryError(error)
      if (known.retryable || known.code === 'internal' || known.code === 'idempotency_mismatch')
        throw error
      return { rejected: { to, error: known.toBody() } }
    }
  }

  async #sendOne(to: To, message: Message, identity: Identity): Promise<SentOne> {
    if (typeof to === 'object' && !('user_id' in to)) {
      const { direct, templateRenderer } = this.#parts
      const inWords = await templateRenderer.apply(message, null)
      return direct.sendTo(to, inWords, within(identity, JSON.stringify(to)))
    }
    const user = typeof to === 'string' ? to.slice('user:'.length) : to.user_id
    assertUserId(user)
    if (typeof to === 'object') {
      const { user_id, ...profile } = to
      await this.#parts.directory.save(user_id, definedOf(profile))
    }
    const sent = await this.#parts.notifications.send({
      userId: user,
      message,
      identity: within(identity, user),
    })
    return { notification_id: sent.notification_id, user_id: user, channels: sent.channels }
  }

  #announce(words: readonly string[], message: Message, identity: Identity) {
    const audience = parseAudience(words)
    if (audience === null) throw new Error('unreachable: the schema let only known words pass')
    ;[...audience.groups, ...audience.roles].forEach(assertUserId)
    return this.#parts.broadcasts.announce({
      audience,
      message,
      identity: within(identity, 'audience'),
      status: 'broadcast_sent',
    })
  }

  #minting() {
    const { scope, partitions, clock } = this.#parts
    return { scope, partitions, now: clock.now() }
  }
}

/** One call to many is a message of its own to each of them, with a key and an id of its own. */
function within(identity: Identity, recipient: string): Identity {
  const id = identity.id === null ? null : uuidFrom(identity.id, recipient)
  return { ...identity, id, target: `${identity.target} ${recipient}` }
}

function definedOf<Values extends object>(values: Values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> }
}
