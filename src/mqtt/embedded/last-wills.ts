import type { DatabaseSync } from 'node:sqlite'
import { headerOf, packetFrom, type WillPacket } from './packets.ts'

/** The wills of connected clients, kept for the case that the broker dies before them. */
export class LastWills {
  readonly #clients = new Set<string>()
  readonly #database: DatabaseSync
  readonly #replace
  readonly #select
  readonly #delete

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#replace = database.prepare('INSERT OR REPLACE INTO wills VALUES (?, ?, ?)')
    this.#select = database.prepare('SELECT header, payload FROM wills WHERE client = ?')
    this.#delete = database.prepare('DELETE FROM wills WHERE client = ?')
  }

  load(): void {
    this.#clients.clear()
    for (const row of this.#database.prepare('SELECT client FROM wills').iterate()) {
      this.#clients.add(String(row.client))
    }
  }

  has(clientId: string): boolean {
    return this.#clients.has(clientId)
  }

  put(clientId: string, will: WillPacket): void {
    this.#replace.run(clientId, headerOf(will), will.payload)
    this.#clients.add(clientId)
  }

  get(clientId: string): WillPacket | undefined {
    if (!this.#clients.has(clientId)) return undefined
    const row = this.#select.get(clientId)
    return row ? (packetFrom(row.header, row.payload) as WillPacket) : undefined
  }

  delete(clientId: string): void {
    if (this.#clients.delete(clientId)) this.#delete.run(clientId)
  }

  /** Wills that were left behind by brokers other than `brokers`. */
  *leftBehind(brokers: Readonly<Record<string, unknown>>): Generator<WillPacket> {
    for (const client of [...this.#clients]) {
      const will = this.get(client)
      if (will && !Object.hasOwn(brokers, String(will.brokerId))) yield will
    }
  }
}
