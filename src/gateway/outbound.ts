import type { Frame } from './frame.ts'

/** What clients are told, before a protocol has made bytes of it. `data` is JSON text. */
export type Content =
  /** An entry of a user's session queues; `seq` 0: it is in no queue. */
  | { readonly kind: 'user'; readonly seq: number; readonly type: string; readonly data: string }
  /** An event on a broadcast channel; `from` is the member whose client sent it. */
  | {
      readonly kind: 'event'
      readonly channel: string
      readonly event: string
      /** A number of `epoch` where the channel has a history, else of the sender. */
      readonly seq: number
      readonly epoch: string | null
      readonly from: string | null
      readonly data: string
    }
  /** What a user was told, on one of his own channels: for clients that have no session. */
  | {
      readonly kind: 'personal'
      readonly channel: string
      readonly event: string
      readonly data: string
    }
  /** Somebody came to a presence channel (`data`: what he is shown as), or left it. */
  | {
      readonly kind: 'member'
      readonly channel: string
      readonly user: string
      readonly joined: boolean
      readonly data: string
    }
  /** The connection is to be closed. */
  | { readonly kind: 'end'; readonly data: string }
  /** How many clients are on a channel, on all processes. */
  | {
      readonly kind: 'count'
      readonly channel: string
      readonly count: number
      readonly data: string
    }

/** Turns a message into the bytes of one protocol; `null`: its clients are not told. */
export interface Encoder {
  encode(message: Outbound): Frame | null
}

/** One message on its way to any number of clients: each protocol encodes it once. */
export class Outbound {
  readonly content: Content
  readonly #frames = new Map<Encoder, Frame | null>()
  #id: string | null | undefined

  constructor(content: Content) {
    this.content = content
  }

  frame(encoder: Encoder): Frame | null {
    const made = this.#frames.get(encoder)
    if (made !== undefined) return made
    const frame = encoder.encode(this)
    this.#frames.set(encoder, frame)
    return frame
  }

  /** Its number in the session queues; 0: it is in none. */
  get seq(): number {
    return this.content.kind === 'user' ? this.content.seq : 0
  }

  /** The id of the record inside, by which a client may acknowledge it. */
  get id(): string | null {
    if (this.#id === undefined) this.#id = idOf(this.content.data)
    return this.#id
  }
}

/** The message that an entry of a session queue holds. */
export function outboundOf(entry: string): Outbound {
  const { seq, type, data } = JSON.parse(entry) as { seq: number; type: string; data: unknown }
  return new Outbound({ kind: 'user', seq, type, data: JSON.stringify(data ?? null) })
}

function idOf(data: string): string | null {
  const record = JSON.parse(data) as { readonly id?: unknown } | null
  return typeof record?.id === 'string' ? record.id : null
}
