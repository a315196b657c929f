import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { IncomingMessage, Publisher } from './message.ts'
import { tenantTopic, whyNotPublishable, withoutPrefix } from './topic-name.ts'

/** Replies go below this topic only, so that nobody can make us publish elsewhere. */
export const REPLY_TOPICS = 'notifications/replies/'

/** Where an answer goes, and how its reader knows which question it answers. */
export interface ReplyAddress {
  /** Without `MQTT_TOPIC_PREFIX`. */
  readonly topic: string
  /** MQTT 5; goes back as a property. */
  readonly correlationData: Buffer | null
  /** From the payload; goes back in the payload. */
  readonly correlationId: string | number | null
}

/** What a payload says about its reply, read before a schema drops unknown fields. */
export interface ReplyWish {
  readonly replyTo: string | null
  readonly correlationId: string | number | null
}

export const NO_WISH: ReplyWish = { replyTo: null, correlationId: null }

/** Reads `reply_to` and `correlation_id` of a payload. */
export function replyWish(payload: unknown): ReplyWish {
  if (typeof payload !== 'object' || payload === null) return NO_WISH
  const { reply_to: replyTo, correlation_id: id } = payload as Record<string, unknown>
  if (replyTo === undefined && id === undefined) return NO_WISH
  return {
    replyTo: typeof replyTo === 'string' ? replyTo : null,
    correlationId: typeof id === 'string' || typeof id === 'number' ? id : null,
  }
}

/** Sends answers, each at most once; a failure is logged and changes nothing else. */
export class Replies {
  readonly #publisher: Publisher
  readonly #prefix: string
  readonly #log: Logger

  /** `prefix`: `MQTT_TOPIC_PREFIX` as it stands before topics. */
  constructor(parts: {
    readonly publisher: Publisher
    readonly prefix: string
    readonly log: Logger
  }) {
    this.#publisher = parts.publisher
    this.#prefix = parts.prefix
    this.#log = parts.log
  }

  /** Where the sender wants its reply: MQTT 5's response topic, else `reply_to`; `null`: nowhere. A tenant is answered under its own topics only. */
  addressOf(
    message: IncomingMessage,
    wish: ReplyWish & { readonly tenant?: string },
  ): ReplyAddress | null {
    const wanted = message.responseTopic ?? wish.replyTo
    if (wanted === null) return null
    const topic = withoutPrefix(wanted, this.#prefix)
    const own = tenantTopic(wish.tenant ?? '', REPLY_TOPICS)
    if (topic === null || !isReplyTopic(topic, own)) {
      this.#log.warn(
        { topic: message.topic, replyTo: wanted.slice(0, 256) },
        `no reply: only topics under ${this.#prefix}${own} are answered`,
      )
      return null
    }
    const correlationData = message.responseTopic === null ? null : message.correlationData
    return { topic, correlationData, correlationId: wish.correlationId }
  }

  send(address: ReplyAddress, body: object): void {
    const { correlationData, correlationId, topic } = address
    const reply = correlationId === null ? body : { ...body, correlation_id: correlationId }
    const options =
      correlationData === null ? { qos: 1 as const } : { qos: 1 as const, correlationData }
    this.#publisher.publish(topic, JSON.stringify(reply), options).catch((error: unknown) => {
      this.#log.warn({ topic, reason: messageOf(error) }, 'a reply was not delivered')
    })
  }
}

function isReplyTopic(topic: string, start: string): boolean {
  return topic.startsWith(start) && topic.length > start.length && whyNotPublishable(topic) === null
}
