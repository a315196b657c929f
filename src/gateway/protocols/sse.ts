import { asBelfryError } from '../../support/errors.ts'
import type { Frame } from '../frame.ts'
import type { Encoder, Outbound } from '../outbound.ts'
import { type Places, type Position, parsePlaces, placesText } from '../position.ts'
import type { Member } from '../presence/member-records.ts'
import type { Protocol, Welcome } from '../protocol.ts'
import { EventFrame } from './event-frame.ts'
import { nativeText, presentText } from './native-text.ts'

/**
 * Where a client stands: `<epoch>:<offset>`, its session and the last number that it
 * has, and for each of its user's own channels that it is on `/<channel>:<epoch>:<offset>`.
 */
export interface Cursor extends Position {
  readonly places: Places
}

const CURSOR = /^([\w-]{1,64}):(\d{1,16})$/

/** `null`: it is none of ours. */
export function parseCursor(text: string): Cursor | null {
  const [session = '', ...rest] = text.split('/')
  const [, epoch, offset] = CURSOR.exec(session) ?? []
  if (epoch === undefined) return null
  return { epoch, offset: Number(offset), places: parsePlaces(rest) }
}

/** Events that are no entry of anybody's queue are the same for all clients. */
const SHARED: Encoder = {
  encode(message) {
    const data = nativeText(message)
    return data === null ? null : new EventFrame({ event: eventOf(message), data })
  },
}

interface Parts {
  /** The session's id. */
  readonly epoch: string
  /** Where the client says that it stands; `null`: it is new. */
  readonly cursor: Cursor | null
  /** Where it stands on channels with a history. */
  readonly places: Places
  /** Why something between is missing in any case; `null`: nothing is known to be. */
  readonly gap: Readonly<Record<string, unknown>> | null
}

/**
 * Server-sent events of one client: the frames of the native protocol, each under
 * the name that is its `type`, the entries of the session queue with their cursor.
 */
export class SseProtocol implements Protocol<unknown> {
  readonly name = 'sse'
  readonly beat = null
  readonly isResumable = true
  readonly #parts: Parts
  readonly #places: Map<string, Position>
  #offset = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#places = new Map(parts.places)
  }

  welcome({ session_id, resumed, unread_count, pending, seq }: Welcome): Frame {
    const { cursor, gap } = this.#parts
    const isBack = cursor !== null && resumed && cursor.offset <= seq
    const recovered = cursor === null ? null : isBack && gap === null
    this.#offset = isBack ? cursor.offset : resumed ? 0 : seq
    const connected = { type: 'connected', session_id, resumed, recovered, unread_count, pending }
    const first = new EventFrame({
      event: 'connected',
      data: JSON.stringify(connected),
      id: this.#id(),
    })
    if (recovered !== false) return first
    const data = JSON.stringify({ type: 'gap', ...(isBack ? gap : { reason: 'forgotten' }) })
    return new Both(first, new EventFrame({ event: 'gap', data }))
  }

  present(channel: string, members: readonly Member[]): Frame {
    return new EventFrame({ event: 'event', data: presentText(channel, members) })
  }

  encode(message: Outbound): Frame | null {
    const { content } = message
    const hasPlace = content.kind === 'event' && content.epoch !== null
    if (message.seq === 0 && !hasPlace) return message.frame(SHARED)
    const data = nativeText(message)
    if (data === null) return null
    if (hasPlace) this.#places.set(content.channel, { epoch: content.epoch, offset: content.seq })
    else this.#offset = message.seq
    return new EventFrame({ event: eventOf(message), data, id: this.#id() })
  }

  #id(): string {
    return `${this.#parts.epoch}:${this.#offset}${placesText(this.#places)}`
  }

  receive(): Promise<void> {
    return Promise.resolve()
  }

  /** Not `error`: that is what browsers call a lost connection. */
  refusal(error: unknown): Frame {
    const data = JSON.stringify({ type: 'error', ...asBelfryError(error).toBody() })
    return new EventFrame({ event: 'problem', data })
  }
}

/** Two frames as one. */
class Both implements Frame {
  readonly #first: EventFrame
  readonly #second: EventFrame

  constructor(first: EventFrame, second: EventFrame) {
    this.#first = first
    this.#second = second
  }

  bytes(): Buffer {
    return Buffer.concat([this.#first.bytes(), this.#second.bytes()])
  }
}

function eventOf({ content }: Outbound): string {
  return content.kind === 'user' ? content.type : 'event'
}
