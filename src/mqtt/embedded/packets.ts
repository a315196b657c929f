import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'

/** What the broker's persistence is told about a client. */
export interface SessionClient {
  readonly id: string
  /** Whether its session ends with its connection. */
  readonly clean?: boolean
  /** Whether its connection has ended. */
  readonly closed?: boolean
  readonly conn?: Duplex
}

/** A PUBLISH on its way through the broker. `brokerId` and `brokerCounter` name it, in order. */
export interface Publication {
  readonly cmd: 'publish'
  readonly brokerId: string
  readonly brokerCounter: number
  readonly topic: string
  readonly payload: Buffer | string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  /** Who published it; absent for the service itself. */
  clientId?: string
  messageId: number | undefined
}

/** What waits for a client's PUBCOMP. */
export interface Release {
  readonly cmd: 'pubrel'
  readonly messageId: number
}

/** Any packet that is kept as it came. */
export interface KeptPacket {
  readonly topic: string
  readonly payload: Buffer | string
  readonly [field: string]: unknown
}

/** What is published when a client goes without a word. */
export interface WillPacket extends KeptPacket {
  brokerId?: string
  clientId?: string
}

/** A column as SQLite gives it back: text stays text, bytes become a Buffer. */
export function asPayload(value: unknown): Buffer | string {
  if (typeof value === 'string') return value
  if (!(value instanceof Uint8Array)) return Buffer.alloc(0)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** The size of a payload in bytes. */
export function bytesOf(payload: Buffer | string): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
}

/** A kept packet's fields without its payload, as JSON. */
export function headerOf({ payload: _, ...header }: KeptPacket): string {
  return JSON.stringify(header)
}

/** What {@link headerOf} and the payload's column were made from. */
export function packetFrom(header: unknown, payload: unknown): KeptPacket {
  return { ...(JSON.parse(String(header)) as KeptPacket), payload: asPayload(payload) }
}
