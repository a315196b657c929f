import { asBelfryError } from '../../support/errors.ts'
import type { Frame } from '../frame.ts'
import type { Encoder, Outbound } from '../outbound.ts'
import type { Member } from '../presence/member-records.ts'
import type { Protocol, Welcome } from '../protocol.ts'
import { EventFrame } from './event-frame.ts'
import { nativeText, presentText } from './native-text.ts'

/** Where a client stands: `<epoch>:<offset>`, its session and the last number that it has. */
export interface Cursor {
  readonly epoch: string
  readonly offset: number
}

const CURSOR = /^([\w-]{1,64}):(\d{1,16})$/

/** `null`: it is none of ours. */
export function parseCursor(text: string): Cursor | null {
  const [, epoch, offset] = CURSOR.exec(text) ?? []
  return epoch === undefined ? null : { epoch, offset: Number(offset) }
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

  constructor(parts: Parts) {
    this.#parts = parts
  }

  welcome({ session_id, resumed, unread_count, pending, seq }: Welcome): Frame {
    const { cursor, gap, epoch } = this.#parts
    const isBack = cursor !== null && resumed && cursor.offset <= seq
    const recovered = cursor === null ? null : isBack && gap === null
    const connected = { type: 'connected', session_id, resumed, recovered, unread_count, pending }
    const first = new EventFrame({
      event: 'connected',
      data: JSON.stringify(connected),
      id: `${epoch}:${isBack ? cursor.offset : resumed ? 0 : seq}`,
    })
    if (recovered !== false) return first
    const data = JSON.stringify({ type: 'gap', ...(isBack ? gap : { reason: 'forgotten' }) })
    return new Both(first, new EventFrame({ event: 'gap', data }))
  }

  present(channel: string, members: readonly Member[]): Frame {
    return new EventFrame({ event: 'event', data: presentText(channel, members) })
  }

  encode(message: Outbound): Frame | null {
    if (message.seq === 0) return message.frame(SHARED)
    const data = nativeText(message)
    if (data === null) return null
    const id = `${this.#parts.epoch}:${message.seq}`
    return new EventFrame({ event: eventOf(message), data, id })
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
