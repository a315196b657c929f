import { type Clock, Filtered, type Keys, type Logger, type Store } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { NOTHING_SAID } from '../directory/preferences.ts'
import type { Recipient } from '../directory/user-record.ts'
import type { Message } from '../notifications/notification-record.ts'
import { presenceOf } from '../sessions/presence.ts'
import type { EventType } from './event-type.ts'
import type { EventTypes } from './event-types.ts'
import { type Facts, unmetOf } from './type-conditions.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly types: EventTypes
}

/** A message with what its type says of it. */
export interface Typed {
  readonly message: Message
  /** `null`: nobody has said anything of such messages. */
  readonly type: EventType | null
}

/** Why a type keeps its messages from somebody. */
export interface TypeRefusal {
  readonly reason: 'condition' | 'preference'
  readonly detail: string
}

/** Channel → the condition of its type that does not hold. */
export type UnmetConditions = Readonly<Partial<Record<ChannelName | 'database', string>>>

const NONE: UnmetConditions = {}

/** What holds for every message of an event type, by whatever door it came in. */
export class TypeRules {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** With what the type says where neither the message nor its template does; at hand, or a promise of it. */
  of(message: Message): Typed | Promise<Typed> {
    const eventType = message.template?.eventType
    const names = eventType == null ? [message.type] : [eventType, message.type]
    const type = this.#parts.types.known(names)
    return type instanceof Promise
      ? type.then((found) => typed(message, found))
      : typed(message, type)
  }

  /** With its type's delay where a message says nothing of a moment. */
  async putOff(message: Message, now: number): Promise<Message> {
    if (message.sendAt !== null || message.localAt !== null) return message
    const { type } = await this.of(message)
    return type?.delayMs == null ? message : { ...message, sendAt: now + type.delayMs }
  }

  /** Why such a message is not for this person; `null`: it is. */
  async refusal(
    { message, type }: Typed,
    recipient: Recipient | null,
    fields?: Facts['payload'],
  ): Promise<TypeRefusal | null> {
    if (type === null) return null
    const unmet = await unmetOf(type.conditions, this.#facts(message, recipient, fields))
    if (unmet !== null) return { reason: 'condition', detail: unmet }
    if (!type.needsPreferences || recipient === null || hasSaid(recipient)) return null
    return { reason: 'preference', detail: 'this user has not said what he wants' }
  }

  /** Throws `Filtered` for a message that is not for bare addresses. */
  async assertForAddress(message: Message): Promise<Message> {
    const of = await this.of(message)
    const refusal = await this.refusal(of, null)
    if (refusal === null) return of.message
    throw new Filtered(refusal.reason, `This is not sent: ${refusal.detail}`)
  }

  /** The channels that such a message does not take to this person. */
  async unmet(
    { message, type }: Typed,
    recipient: Recipient,
    fields?: Facts['payload'],
  ): Promise<UnmetConditions> {
    const conditions = Object.entries(type?.channelConditions ?? NONE)
    if (conditions.length === 0) return NONE
    const facts = this.#facts(message, recipient, fields)
    const unmet: Record<string, string> = {}
    for (const [channel, list] of conditions) {
      const words = await unmetOf(list as EventType['conditions'], facts)
      if (words !== null) unmet[channel] = words
    }
    return unmet
  }

  #facts(message: Message, recipient: Recipient | null, fields?: Facts['payload']): Facts {
    const { data, template, type, priority } = message
    const payload = { ...data, ...template?.params, ...fields }
    const user = recipient?.user ?? null
    const presence = () => presenceOf(this.#parts, user?.id ?? '')
    return { user, payload, type: template?.eventType ?? type, priority, presence }
  }
}

function typed(message: Message, type: EventType | null): Typed {
  if (type === null) return { message, type }
  const { flow, channels, preferences, written } = type
  const category = written.category ?? null
  const { digest, throttle, fallback, requireAck, data, template } = message
  const hasCategory = typeof data.category === 'string' || template?.category != null
  const wanted = message.preferences ?? template?.preferences ?? preferences
  return {
    type,
    message: {
      ...message,
      digest: digest ?? flow.digest ?? null,
      throttle: throttle ?? flow.throttle ?? null,
      fallback: fallback ?? flow.fallback ?? null,
      requireAck: requireAck ?? flow.requireAck ?? null,
      channels: message.channels ?? channels,
      ...(wanted === null ? {} : { preferences: wanted }),
      ...(category === null || hasCategory ? {} : { data: { category, ...data } }),
    },
  }
}

function hasSaid({ preferences: { layers = [] } }: Recipient): boolean {
  return layers.length > 2 && layers[0] !== NOTHING_SAID
}
