import type { z } from 'zod'
import type { Directory } from '../services/directory/directory.ts'
import { assertUserId } from '../services/directory/user-record.ts'
import type { TypeRules } from '../services/events/type-rules.ts'
import { newReceipt, type Receipts } from '../services/flows/receipts.ts'
import { type Identity, identityOf, sourceOf } from '../services/notifications/acceptance.ts'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import type { BroadcastService } from '../services/notifications/broadcast-service.ts'
import type { DirectService } from '../services/notifications/direct-service.ts'
import { mintId } from '../services/notifications/mint-id.ts'
import { type Message, messageOf } from '../services/notifications/notification-record.ts'
import type { NotificationService } from '../services/notifications/notification-service.ts'
import type { TemplateRenderer } from '../services/templates/template-renderer.ts'
import { asBelfryError, type Clock, type Context, type ErrorBody, uuidFrom } from '../src/index.ts'
import { self } from './inbox-api-controller.ts'
import { toMessage } from './message-fields.ts'
import type { BroadcastBody, SendBody, TestBody, To } from './send-fields.ts'

interface SentOne {
  readonly notification_id: string
  readonly user_id: string | null
  readonly channels: readonly string[]
  /** Where it was not sent at once. */
  readonly status?: string
  readonly send_at?: string
  readonly digest_id?: string
}

/** One request: a message, and what tells it apart. */
interface Call {
  readonly message: Message
  readonly identity: Identity
  readonly origin: { readonly transaction_id: string }
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
  readonly ackReceipts: Receipts
  readonly templateRenderer: TemplateRenderer
  readonly typeRules: TypeRules
}

/** `POST /api/notifications`: people, groups, roles, everybody, bare addresses. */
export class SendController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  send = async (context: Context<unknown, z.output<typeof SendBody>>) => {
    const { recipients, fields } = context.payload
    const message = toMessage(fields, context.receivedAt)
    const identity = identityOf(context)
    const transaction = mintId(identity, this.#minting())
    const call: Call = { message, identity, origin: { transaction_id: transaction } }
    const many = recipients.filter((to) => typeof to === 'string' && !to.startsWith('user:'))
    const single = recipients.filter((to) => !many.includes(to))
    const results = await Promise.all(single.map((to) => this.#attempt(to, call)))
    const broadcast = many.length > 0 ? await this.#announce(many as string[], call) : null
    const notifications = results.flatMap((result) => ('sent' in result ? [result.sent] : []))
    await this.#openReceipt(call, notifications, broadcast?.broadcast_id ?? null)
    return {
      transaction_id: transaction,
      ...(message.requireAck === null ? {} : { receipt_id: transaction }),
      notifications,
      ...(broadcast
        ? { broadcast_id: broadcast.broadcast_id, sent_count: broadcast.sent_count }
        : {}),
      rejected: results.flatMap((result) => ('rejected' in result ? [result.rejected] : [])),
    }
  }

  broadcast = async (context: Context<unknown, z.output<typeof BroadcastBody>>) => {
    const { roles, groups, fields } = context.payload
    const everybody = roles.length + groups.length === 0
    return this.#parts.broadcasts.announce({
      audience: { everybody, users: [], groups, roles },
      message: toMessage(fields, context.receivedAt),
      identity: identityOf(context),
      status: 'broadcast_sent',
    })
  }

  progress = async (context: Context<{ readonly id: string }>) =>
    this.#parts.broadcasts.find(context.params.id)

  test = async (context: Context<unknown, z.output<typeof TestBody>>) =>
    this.#parts.notifications.send({
      userId: self(context),
      message: messageOf({ ...context.payload, type: 'test' }),
      identity: identityOf(context),
    })

  async #attempt(to: To, call: Call): Promise<{ sent: SentOne } | { rejected: Rejected }> {
    try {
      return { sent: await this.#sendOne(to, call) }
    } catch (error) {
      const known = asBelfryError(error)
      if (known.retryable || known.code === 'internal' || known.code === 'idempotency_mismatch')
        throw error
      return { rejected: { to, error: known.toBody() } }
    }
  }

  async #sendOne(to: To, { message, identity, origin }: Call): Promise<SentOne> {
    if (typeof to === 'object' && !('user_id' in to)) {
      const { direct, templateRenderer, typeRules } = this.#parts
      const inWords = await templateRenderer.apply(message, null)
      const allowed = await typeRules.assertForAddress(inWords)
      return direct.sendTo(to, allowed, within(identity, JSON.stringify(to)))
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
      origin,
      identity: within(identity, user),
    })
    const { notification_id, channels, send_at, digest_id } = sent
    const status = send_at === undefined ? sent.status : 'scheduled'
    return {
      ...{ notification_id, user_id: user, channels },
      ...(status === 'sent' ? {} : { status }),
      ...(send_at === undefined ? {} : { send_at }),
      ...(digest_id === undefined ? {} : { digest_id }),
    }
  }

  /** Who is to acknowledge it; whoever a group stands for is known by the acknowledgements alone. */
  async #openReceipt(
    { message: { requireAck, sendAt }, origin }: Call,
    sent: readonly SentOne[],
    broadcastId: string | null,
  ): Promise<void> {
    if (requireAck === null) return
    const recipients = sent.flatMap(({ user_id, notification_id }) =>
      user_id === null ? [] : [{ user_id, notification_id }],
    )
    const { ackReceipts, clock } = this.#parts
    const { cancelOn: cancel_on, expireMs } = requireAck
    const about = { id: origin.transaction_id, cancel_on, recipients, broadcast_id: broadcastId }
    const now = clock.now()
    const expiresAt = Math.max(now, sendAt ?? now) + expireMs
    await ackReceipts.open(newReceipt(about, { now, expiresAt }))
  }

  #announce(words: readonly string[], { message, identity, origin }: Call) {
    const audience = parseAudience(words)
    if (audience === null) throw new Error('unreachable: the schema let only known words pass')
    ;[...audience.groups, ...audience.roles].forEach(assertUserId)
    return this.#parts.broadcasts.announce({
      audience,
      message,
      origin,
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
  const source = sourceOf(identity)
  return { ...identity, id, source, target: `${identity.target} ${recipient}` }
}

function definedOf<Values extends object>(values: Values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> }
}
