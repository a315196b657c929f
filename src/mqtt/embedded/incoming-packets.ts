import type { DatabaseSync } from 'node:sqlite'
import type { PacketMark } from '../../context.ts'
import { headerOf, type KeptPacket, packetFrom, type SessionClient } from './packets.ts'

/** An incoming QoS 2 packet. */
export interface IncomingPacket extends KeptPacket {
  readonly messageId: number
  /** Tells packets with the same id apart: a client that lost its memory counts from 1 again. */
  readonly digest?: string
  /** What the intake knows it by, until PUBREL. */
  readonly mark?: PacketMark
}

/**
 * QoS 2 packets that were taken and wait for the publisher's PUBREL, so that
 * one sent again has no second effect [MQTT-4.3.3-2]. Those of a clean session
 * end with the connection and are kept in memory only [MQTT-3.1.2-6].
 */
export class IncomingPackets {
  readonly #byClient = new Map<string, Map<number, IncomingPacket | null>>()
  readonly #database: DatabaseSync
  readonly #insert
  readonly #select
  readonly #delete
  readonly #clean

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare('INSERT OR REPLACE INTO incoming VALUES (?, ?, ?, ?)')
    this.#select = database.prepare(
      'SELECT header, payload FROM incoming WHERE client = ? AND message_id = ?',
    )
    this.#delete = database.prepare('DELETE FROM incoming WHERE client = ? AND message_id = ?')
    this.#clean = database.prepare('DELETE FROM incoming WHERE client = ?')
  }

  load(): void {
    for (const [client, known] of this.#byClient) {
      for (const [id, packet] of known) if (packet === null) known.delete(id)
      if (known.size === 0) this.#byClient.delete(client)
    }
    for (const row of this.#database.prepare('SELECT client, message_id FROM incoming').iterate()) {
      this.#known(String(row.client)).set(Number(row.message_id), null)
    }
  }

  has(clientId: string, messageId: number): boolean {
    return this.#byClient.get(clientId)?.has(messageId) ?? false
  }

  count(clientId: string): number {
    return this.#byClient.get(clientId)?.size ?? 0
  }

  store(client: SessionClient, packet: IncomingPacket): void {
    const { length: _, ...kept } = packet
    const { messageId, payload } = kept
    if (!client.clean) this.#insert.run(client.id, messageId, headerOf(kept), payload)
    this.#known(client.id).set(messageId, client.clean ? kept : null)
  }

  get(clientId: string, messageId: number): IncomingPacket | null {
    const kept = this.#byClient.get(clientId)?.get(messageId)
    if (kept !== null) return kept ?? null
    const row = this.#select.get(clientId, messageId)
    return row ? (packetFrom(row.header, row.payload) as IncomingPacket) : null
  }

  /** Whether deleting it is a write to the file. */
  isInFile(clientId: string, messageId: number): boolean {
    return this.#byClient.get(clientId)?.get(messageId) === null
  }

  delete(clientId: string, messageId: number): void {
    if (this.isInFile(clientId, messageId)) this.#delete.run(clientId, messageId)
    const known = this.#byClient.get(clientId)
    known?.delete(messageId)
    if (known?.size === 0) this.#byClient.delete(clientId)
  }

  clean(clientId: string): void {
    const known = this.#byClient.get(clientId)
    if (!known) return
    this.#byClient.delete(clientId)
    if ([...known.values()].includes(null)) this.#clean.run(clientId)
  }

  #known(clientId: string): Map<number, IncomingPacket | null> {
    let known = this.#byClient.get(clientId)
    if (!known) {
      known = new Map()
      this.#byClient.set(clientId, known)
    }
    return known
  }
}
