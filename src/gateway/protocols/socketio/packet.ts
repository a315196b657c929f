import { InvalidJson } from '../../../support/errors.ts'
import { parseJson } from '../../../support/parse-json.ts'
import { type Frame, TextFrame } from '../../frame.ts'

/** Engine.IO's type of a message, before the packet itself. */
const MESSAGE = '4'
const EVENT = '2'
const ACK = '3'

/** A packet of the default namespace (Socket.IO protocol 5), encoded once for any number of clients. */
export class PacketFrame implements Frame {
  /** As Engine.IO takes it. */
  readonly text: string
  #frame: TextFrame | null = null

  constructor(text: string) {
    this.text = text
  }

  /** As it goes through a WebSocket. */
  bytes(): Buffer {
    this.#frame ??= new TextFrame(MESSAGE + this.text)
    return this.#frame.bytes(false)
  }
}

/** `args` are JSON texts. */
export function eventFrame(event: string, ...args: readonly string[]): PacketFrame {
  return new PacketFrame(`${EVENT}[${[JSON.stringify(event), ...args].join(',')}]`)
}

/** What the callback of a client's event is called with. */
export function ackFrame(id: string, answer: object): PacketFrame {
  return new PacketFrame(`${ACK}${id}[${JSON.stringify(answer)}]`)
}

/** An event of a client; `ackId` is set where it wants an answer. */
export interface ClientEvent {
  readonly event: string
  readonly args: readonly unknown[]
  readonly ackId: string | null
}

const EVENT_PACKET = /^2(\d{0,15})(\[.*)$/s

/** `null`: no event (the library handles the rest). Throws `InvalidJson`. */
export function parsePacket(text: string): ClientEvent | null {
  const [, ackId, json] = EVENT_PACKET.exec(text) ?? []
  if (json === undefined) return null
  const [event, ...args] = parseJson(json) as unknown[]
  if (typeof event !== 'string') throw new InvalidJson('An event begins with its name.')
  return { event, args, ackId: ackId ? ackId : null }
}
