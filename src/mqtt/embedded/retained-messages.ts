import type { DatabaseSync } from 'node:sqlite'
import { bytesOf, headerOf, type KeptPacket, packetFrom } from './packets.ts'
import { matchesFilter } from './topic-filter.ts'

/** The last retained message of every topic (MQTT 3.1.1 §3.3.1.3). */
export class RetainedMessages {
  readonly #replace
  readonly #delete
  readonly #exact
  readonly #range
  readonly #count

  constructor(database: DatabaseSync) {
    this.#replace = database.prepare('INSERT OR REPLACE INTO retained VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM retained WHERE topic = ?')
    this.#exact = database.prepare('SELECT header, payload FROM retained WHERE topic = ?')
    this.#range = database.prepare(
      'SELECT topic FROM retained WHERE topic >= ? AND topic < ? ORDER BY topic',
    )
    this.#count = database.prepare('SELECT count(*) AS n FROM retained')
  }

  get size(): number {
    return Number(this.#count.get()?.n ?? 0)
  }

  /** Keeps a message; one without payload lets go of the topic [MQTT-3.3.1-10]. */
  store(packet: KeptPacket): void {
    if (bytesOf(packet.payload) === 0) this.#delete.run(packet.topic)
    else this.#replace.run(packet.topic, headerOf(packet), packet.payload)
  }

  /** Every message that one of the filters matches, once. Payloads are read one by one. */
  *matching(filters: readonly string[]): Generator<KeptPacket> {
    const topics = new Set(filters.flatMap((filter) => this.#topicsOf(filter)))
    for (const topic of topics) {
      const row = this.#exact.get(topic)
      if (row) yield packetFrom(row.header, row.payload)
    }
  }

  #topicsOf(filter: string): string[] {
    const wildcard = filter.search(/[+#]/)
    if (wildcard === -1) return [filter]
    // `a/#` also matches `a`, so the slash before the wildcard is left out of the range.
    const prefix = filter.slice(0, Math.max(0, wildcard - 1))
    return this.#range
      .all(prefix, `${prefix}\u{10ffff}`)
      .map((row) => String(row.topic))
      .filter((topic) => matchesFilter(filter, topic))
  }
}
