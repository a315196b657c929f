import {
  type Clock,
  Conflict,
  Expired,
  Filtered,
  type Keys,
  partitionOf,
  STORED_RECORD,
  type Store,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import { type DeliveryPlan, planDelivery } from '../deliveries/delivery-plan.ts'
import { deliveryOps } from '../deliveries/notification-deliveries.ts'
import type { Directory } from '../directory/directory.ts'
import { isMuted, subjectOf } from '../directory/preferences.ts'
import { assertUserId, type Recipient } from '../directory/user-record.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import type { Acceptance, Identity } from './acceptance.ts'
import { Collapse, NOTHING, type Replacing } from './collapse.ts'
import { fanoutOp } from './fanout.ts'
import { inboxOps } from './inbox-ops.ts'
import { mintId } from './mint-id.ts'
import {
  type Message,
  makeRecord,
  type NotificationRecord,
  type Origin,
} from './notification-record.ts'
import type { Realtime } from './realtime.ts'

export interface Retention {
  /** Milliseconds a record lives once read or archived; 0 keeps it. */
  readonly notificationTtlMs: number
  /** Milliseconds a record lives while unread; 0 keeps it. */
  readonly unreadTtlMs: number
  /** Newest records kept per user. */
  readonly inboxLimit: number
}

export interface Sent {
  readonly status: 'sent' | 'scheduled'
  readonly notification_id: string
  readonly channels: readonly ChannelName[]
}

interface Sending {
  readonly userId: string
  readonly message: Message
  readonly identity: Identity
  readonly origin?: Origin
  /** Given where the work may be repeated: the same id has one effect. */
  readonly id?: string
  /** Alerts reach whoever they must, whatever he prefers. */
  readonly overridesPreferences?: boolean
  /** Further live frames about the same thing; `data` is JSON text. */
  readonly frames?: readonly { readonly type: string; readonly data: string }[]
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly acceptance: Acceptance
  readonly realtime: Realtime
  readonly templates: TemplateRenderer
  readonly retention: Retention
  /** Of people who did not say theirs. Default: UTC. */
  readonly timezone?: string
  /** Told of every notification that was stored, and of the topic or path that it came by. */
  readonly onStored?: (record: NotificationRecord, source: string) => void
}

/** Turns a message to one person into a record in his inbox and one delivery per channel. */
export class NotificationService {
  readonly #parts: Parts
  readonly #collapse: Collapse

  constructor(parts: Parts) {
    this.#parts = parts
    this.#collapse = new Collapse(parts)
  }

  /**
   * Stores the notification with its deliveries in one atomic write. Throws
   * `Expired`, `Filtered` when the user muted the type, or `InvalidPayload` for
   * an id that nobody can have, as a script may put one into a set.
   */
  async send(asked: Sending): Promise<Sent> {
    assertUserId(asked.userId)
    const { clock, directory } = this.#parts
    const now = clock.now()
    const { message } = asked
    if (message.expiresAt !== null && message.expiresAt <= now) {
      throw new Expired('The message expired before it could be sent.')
    }
    if (message.sendAt !== null && message.sendAt > now) return this.#schedule(asked, now)

    const recipient = await directory.recipient(asked.userId)
    const sending = message.template ? await this.#inWords(asked, recipient) : asked
    if (!sending.overridesPreferences) assertNotMuted(sending, recipient)
    for (let attempt = 0; attempt < 10; attempt++) {
      const sent = await this.#write(sending, recipient, now)
      if (sent !== null) return sent
    }
    throw new Conflict('The notification is being replaced by others; try again.')
  }

  /** With the words of its template, in the recipient's language. */
  async #inWords(sending: Sending, { user }: Recipient): Promise<Sending> {
    const message = await this.#parts.templates.apply(sending.message, user.locale)
    const { name: template = '', isCritical = false } = message.template ?? {}
    const overridesPreferences = isCritical || (sending.overridesPreferences ?? false)
    return { ...sending, message, overridesPreferences, origin: { ...sending.origin, template } }
  }

  /** `null` when the notification that this one replaces changed meanwhile. */
  async #write(sending: Sending, recipient: Recipient, now: number): Promise<Sent | null> {
    const { acceptance, keys, realtime, retention } = this.#parts
    const { userId, message } = sending
    const { collapseKey } = message
    const replacing =
      collapseKey === null ? NOTHING : await this.#collapse.find(userId, collapseKey)
    const plan = this.#plan(sending, recipient, now)
    const record = this.#makeRecord(sending, plan, replacing, now)
    const type = replacing.earlier === null ? 'notification' : 'notification_updated'
    const text = JSON.stringify(record)
    const frames = record.channels.includes('realtime')
      ? [{ type, data: text }, ...(sending.frames ?? [])]
      : []
    const accepted = await acceptance.accept({
      partition: this.#partition(userId),
      identity: sending.identity,
      creates: replacing.earlier === null ? keys.notification(record.id) : keys.never(),
      guards: replacing.guards,
      ops: [
        ...frames.map(({ type, data }) => {
          const shared = data === text && plan.inInbox ? STORED_RECORD : data
          return fanoutOp(keys, userId, type, shared, now)
        }),
        ...replacing.opsFor(record.id),
        ...inboxOps({ keys, record, text, inInbox: plan.inInbox, retention, now }),
        ...deliveryOps(keys, record, recipient.user, { now, message }),
      ],
      reply: sentReply(record),
    })
    if (accepted.status === 'conflict') return null
    if (accepted.status === 'fresh') {
      this.#parts.onStored?.(record, sending.identity.target)
      for (const [index, frame] of frames.entries()) {
        realtime.publish(userId, accepted.results[index] ?? 0, frame.type, frame.data)
      }
    }
    return accepted.reply
  }

  /** Throws `Filtered` when nothing is left that the recipient wants. */
  #plan(sending: Sending, recipient: Recipient, now: number): DeliveryPlan {
    const { message, userId, overridesPreferences = false } = sending
    const { priority, channels, expiresAt } = message
    const { timezone = 'UTC' } = this.#parts
    const subject = subjectOf(message)
    const moment = { now, expiresAt, timezone, spread: Math.random() }
    const wish = { ...moment, priority, channels, subject, overridesPreferences }
    const plan = planDelivery(recipient, wish)
    if (plan.inInbox || plan.channels.length > 0) return plan
    throw new Filtered('preference', `User ${userId} wants none of this.`)
  }

  #makeRecord(
    { id, userId, message, origin = {}, identity }: Sending,
    plan: DeliveryPlan,
    { earlier }: Replacing,
    now: number,
  ): NotificationRecord {
    const newId = earlier?.id ?? id ?? this.#mintId(userId, identity, now)
    const record = makeRecord({ id: newId, userId, message, choice: plan, origin, now })
    return earlier === null ? record : { ...record, version: earlier.version + 1 }
  }

  #mintId(owner: string, identity: Identity, now: number): string {
    const { store, keys } = this.#parts
    return mintId(identity, { scope: keys.scope, partitions: store.partitions, now, owner })
  }

  async #schedule(sending: Sending, now: number): Promise<Sent> {
    const { acceptance, keys, templates } = this.#parts
    const { userId, identity, origin = {} } = sending
    const message = await templates.accept(sending.message)
    const id = sending.id ?? this.#mintId(userId, identity, now)
    const job = makeJob({
      id,
      channel: 'notification',
      priority: message.priority,
      content: { message: { ...message, sendAt: null }, origin },
      now,
      sendAt: message.sendAt,
      expiresAt: message.expiresAt,
      userId,
      notificationId: id,
    })
    const accepted = await acceptance.accept<Sent>({
      partition: this.#partition(userId),
      identity,
      creates: keys.scheduled(id),
      ops: [
        ['set', keys.scheduled(id), userId, (message.sendAt ?? now) - now + 86_400_000],
        ['zadd', keys.users(), 0, userId],
        enqueueOp(keys, job, now),
      ],
      reply: { status: 'scheduled', notification_id: id, channels: [] },
    })
    if (accepted.status === 'conflict') throw new Conflict('The notification exists already.')
    return accepted.reply
  }

  #partition(userId: string): number {
    return partitionOf(userId, this.#parts.store.partitions)
  }
}

function assertNotMuted({ userId, message }: Sending, { preferences }: Recipient): void {
  if (!isMuted(preferences, subjectOf(message))) return
  throw new Filtered('muted_type', `User ${userId} muted messages of type ${message.type}.`)
}

function sentReply(record: NotificationRecord): Sent {
  return { status: 'sent', notification_id: record.id, channels: record.channels }
}
