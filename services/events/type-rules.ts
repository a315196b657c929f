import { type Clock, Filtered, type Keys, type Store } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { NOTHING_SAID } from '../directory/preferences.ts'
import type { Recipient } from '../directory/user-record.ts'
import type { Message } from '../notifications/notification-record.ts'
import { presenceOf } from '../sessions/presence.ts'
import type { EventType } from './event-type.ts'
import type { EventTypes } from './event-types.ts'
import { type Facts, unmetOf } from './type-conditions.ts'
import { momentAfter } from './type-delay.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
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

  /** With its type's delay where a message says nothing of a moment. Throws `Filtered` where that is none. */
  async putOff(message: Message, now: number): Promise<Message> {
    if (message.sendAt !== null || message.localAt !== null) return message
    const at = delayOf(await this.of(message), now)
    if (typeof at === 'object') return message
    if (typeof at === 'number') return { ...message, sendAt: at }
    throw new Filtered('delay', `This is not sent: ${at}`)
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
    const { template, type, priority } = message
    const payload = { ...payloadOf(message), ...fields }
    const user = recipient?.user ?? null
    const presence = () => presenceOf(this.#parts, user?.id ?? '')
    return { user, payload, type: template?.eventType ?? type, priority, presence }
  }
}

/** Until when its type puts a message off; `null`: it does not; in words: why there is no such moment. */
export function delayOf({ type, message }: Typed, now: number): number | null | string {
  const delay = type?.delay ?? null
  if (delay === null) return null
  const at = momentAfter(delay, payloadOf(message), now)
  if (at !== null) return at
  const { key } = delay as { readonly key: string }
  return `payload.${key} is no moment to come`
}

/** The event's payload, or what a message says of itself. */
function payloadOf({ data, template }: Message): Facts['payload'] {
  return { ...data, ...template?.params }
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
