import type { Client } from 'aedes'
import type { WillPacket } from './packets.ts'

/**
 * The parts of aedes 1.2 that its types do not show and that we rely on, in one
 * place; `tests/integration/embedded-broker` fails where they change.
 */
export interface ClientInternals {
  /** Reads packets out of the byte stream (mqtt-packet). */
  readonly _parser: PacketParser
  /** What is published when the client goes without a word; set once it is accepted. */
  will: WillPacket | null
  /** The same, from CONNECT until then. */
  _will: WillPacket | null | undefined
  /** Granted filters, `$share/…` included. */
  readonly subscriptions: Readonly<Record<string, { readonly qos: number }>>
}

export interface ParsedPacket {
  readonly cmd: string
  /** Of the body, in bytes; -1 until it is known. */
  readonly length: number
  topic?: string
  readonly subscriptions?: unknown[]
}

export interface PacketParser {
  parse(chunk: Buffer): number
  /** The packet that is being read. */
  readonly packet: ParsedPacket
  /** What was read of its body so far. */
  readonly _list: {
    readonly length: number
    readUInt16BE(offset: number): number
    toString(encoding: string, start: number, end: number): string
  }
  prependListener(event: 'packet', listener: (packet: ParsedPacket) => void): unknown
}

export function internalsOf(client: Client): ClientInternals {
  return client as unknown as ClientInternals
}
