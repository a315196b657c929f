import {
  type Clock,
  Expired,
  InvalidPayload,
  type Issue,
  type Keys,
  type Op,
  type Priority,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { type DeliveryJob, enqueueOp, jobKey, makeJob } from '../deliveries/delivery-job.ts'
import { deliveryLogOps } from '../deliveries/delivery-log.ts'
import { parsePhoneNumber } from '../directory/phone-number.ts'
import type { Tell } from '../operations/activity.ts'
import { type Acceptance, type Identity, sourceOf } from './acceptance.ts'
import { BatchAcceptance } from './batch-acceptance.ts'
import {
  type EmailMessage,
  emailContent,
  type Platform,
  type PushMessage,
  pushContent,
  type SmsMessage,
  shownContent,
} from './direct-message.ts'
import { type DirectAddress, directPostContent, directPostOf } from './direct-post.ts'
import { mintId } from './mint-id.ts'
import type { Message } from './notification-record.ts'

/** How far ahead a message may be scheduled. */
const HORIZON_MS = 365 * 86_400_000

/** A mail of a batch that was refused, by its place in it. */
export interface RejectedEmail {
  readonly index: number
  readonly errors: readonly Issue[]
}

/** The mails of a batch that may be sent, and those that may not. */
export interface EmailBatch {
  readonly emails: readonly { readonly index: number; readonly email: EmailMessage }[]
  readonly rejected: readonly RejectedEmail[]
}

export interface BatchQueued {
  readonly status: 'batch_queued'
  readonly queued: number
  readonly rejected: readonly RejectedEmail[]
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly tell?: Tell
}

interface Making {
  readonly id: string
  readonly channel: ChannelName
  readonly message: {
    readonly priority: Priority
    readonly sendAt: number | null
    readonly expiresAt: number | null
  }
  readonly content: object
  readonly userId?: string | null
}

/** Mails, text messages and push notifications that name an address instead of a person. */
export class DirectService {
  readonly #parts: Parts
  readonly #batches: BatchAcceptance

  constructor(parts: Parts) {
    this.#parts = parts
    this.#batches = new BatchAcceptance(parts)
  }

  async queueEmail(message: EmailMessage, identity: Identity) {
    const id = this.#mintId(identity)
    const job = this.#job({ id, channel: 'email', message, content: emailContent(message) })
    return this.#accept(job, identity, { status: 'email_queued', email_id: id } as const)
  }

  /** Queues the mails of a batch, all or none of them, however often the batch arrives. */
  async queueEmails({ emails, rejected }: EmailBatch, identity: Identity): Promise<BatchQueued> {
    const reply: BatchQueued = { status: 'batch_queued', queued: emails.length, rejected }
    if (emails.length === 0) return reply
    const { keys, clock } = this.#parts
    return this.#batches.accept({
      identity,
      reply,
      indices: emails.map(({ index }) => index),
      entryOf: (id, place) => {
        const message = emails[place]!.email
        const job = this.#job({ id, channel: 'email', message, content: emailContent(message) })
        this.#tell(job, identity)
        return { creates: jobKey(keys, 'email', id), ops: this.#ops(job, clock.now()) }
      },
    })
  }

  /** Throws `InvalidPayload` when the number is none. */
  async queueSms(message: SmsMessage, identity: Identity) {
    const phone = parsePhoneNumber(message.phone)
    if (phone === null) {
      const path = 'phone'
      const words = 'must be a telephone number such as +12025550123'
      throw new InvalidPayload(`${path} ${words}`, [{ path, message: words }])
    }
    const id = this.#mintId(identity)
    const content = { phone, message: message.message }
    const job = this.#job({ id, channel: 'sms', message, content })
    return this.#accept(job, identity, { status: 'sms_queued', sms_id: id } as const)
  }

  /** A call that reads the message out; the number is one. */
  async queueCall({ phone, ...message }: SmsMessage, identity: Identity) {
    const id = this.#mintId(identity)
    const content = { phone, message: message.message }
    const job = this.#job({ id, channel: 'voice', message, content })
    return this.#accept(job, identity, { status: 'call_queued', call_id: id } as const)
  }

  async queuePush(message: PushMessage, identity: Identity) {
    const { userId, platform } = message
    const id = this.#mintId(identity, userId)
    const content = pushContent(message)
    const job = this.#job({ id, channel: 'push', message, content, userId })
    const reply: PushQueued = { status: 'push_queued', push_id: id, platform }
    return this.#accept(job, identity, reply)
  }

  /** A post to a URL, with the content that its channel's jobs have; answers its id. */
  async queuePost(
    channel: 'slack' | 'discord' | 'webhook',
    content: object,
    identity: Identity,
  ): Promise<string> {
    const id = this.#mintId(identity)
    const job = this.#job({ id, channel, message: AT_ONCE, content })
    return this.#accept(job, identity, id)
  }

  /** A notification to somebody who is known by an address alone: no inbox, one delivery. */
  async sendTo(to: DirectAddress, message: Message, identity: Identity): Promise<SentTo> {
    const { shortText, texts, actions, priority, sendAt, expiresAt } = message
    const timing = { priority, sendAt, expiresAt }
    if ('phone' in to) {
      const sms = {
        ...timing,
        phone: to.phone,
        message: texts.sms?.message ?? shortText ?? message.message,
      }
      const { sms_id: id } = await this.queueSms(sms, identity)
      return sentTo(id, 'sms')
    }
    if ('email' in to) {
      const { title, message: body, html: htmlBody = null } = { ...message, ...texts.email }
      const mail = { ...timing, to: [to.email], subject: title, body, htmlBody, actions }
      const { email_id: id } = await this.queueEmail({ ...PLAIN, ...mail }, identity)
      return sentTo(id, 'email')
    }
    const post = directPostOf(to)
    const id = this.#mintId(identity)
    const content = directPostContent(post, { id, message, now: this.#parts.clock.now() })
    const job = this.#job({ id, channel: post.channel, message, content })
    return this.#accept(job, identity, sentTo(id, post.channel))
  }

  #job({ message, ...job }: Making): DeliveryJob {
    const now = this.#parts.clock.now()
    const { sendAt, expiresAt, priority } = message
    if (expiresAt !== null && expiresAt <= Math.max(now, sendAt ?? 0)) {
      throw new Expired('The message expires before it could be sent.')
    }
    if (sendAt !== null && sendAt > now + HORIZON_MS) {
      const issue = { path: 'send_at', message: 'must be at most 365 days ahead' }
      throw new InvalidPayload(`${issue.path} ${issue.message}`, [issue])
    }
    return makeJob({ ...job, priority, now, sendAt, expiresAt })
  }

  #ops(job: DeliveryJob, now: number): Op[] {
    const { keys } = this.#parts
    return [enqueueOp(keys, job, now), ...deliveryLogOps(keys, job, now)]
  }

  async #accept<Reply>(job: DeliveryJob, identity: Identity, reply: Reply): Promise<Reply> {
    const { acceptance, keys, clock, store } = this.#parts
    const accepted = await acceptance.accept<Reply>({
      partition: partitionOf(job.id, store.partitions),
      identity,
      creates: jobKey(keys, job.channel, job.id),
      ops: this.#ops(job, clock.now()),
      reply,
    })
    if (accepted.status === 'fresh') this.#tell(job, identity)
    // Without guards of our own there is nothing to be in conflict with.
    return accepted.status === 'conflict' ? reply : accepted.reply
  }

  #tell({ id, channel, priority, user_id, ...content }: DeliveryJob, identity: Identity): void {
    const about = shownContent(content)
    this.#parts.tell?.('queued', {
      id,
      channel,
      priority,
      user_id,
      ...about,
      source: sourceOf(identity),
    })
  }

  #mintId(identity: Identity, userId: string | null = null): string {
    const { keys, store, clock } = this.#parts
    // A redelivered packet must find its mark, so it must come to the same partition.
    const packet = identity.idempotencyKey === null ? identity.packet?.id : undefined
    const owner = userId ?? packet
    const minting = { scope: keys.scope, partitions: store.partitions, now: clock.now() }
    return mintId(identity, owner === undefined ? minting : { ...minting, owner })
  }
}

interface SentTo {
  readonly notification_id: string
  readonly user_id: null
  readonly channels: readonly ChannelName[]
}

function sentTo(id: string, channel: ChannelName): SentTo {
  return { notification_id: id, user_id: null, channels: [channel] }
}

export interface PushQueued {
  readonly status: 'push_queued'
  readonly push_id: string
  readonly platform: Platform
}

const AT_ONCE = { priority: 'normal', sendAt: null, expiresAt: null } as const

/** What a mail made of a notification has not. */
const PLAIN = { htmlBody: null, cc: [], bcc: [], replyTo: null, attachments: [] } as const
