import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { asPayload, bytesOf, type Publication, type Release } from './packets.ts'

/** How much may wait for one client. */
export interface QueueLimits {
  readonly messages: number
  readonly bytes: number
}

/** What aedes names a queued packet by: its packet id or, before it has one, its origin. */
export interface PacketName {
  readonly messageId?: number | undefined
  readonly brokerId?: string | undefined
  readonly brokerCounter?: number | undefined
}

type Row = Record<string, SQLOutputValue>

const PAGE = 64
/** What a queued packet costs besides its topic and payload, in bytes. */
const OVERHEAD = 64

/**
 * QoS 1 and 2 packets on their way to clients with persistent sessions, from
 * the moment they were published until they were acknowledged, in order
 * [MQTT-3.1.2-5], [MQTT-4.6.0-6]. Where too much waits for a client its oldest
 * QoS 1 packet makes room; if there is none, the new packet is not queued.
 */
export class OutgoingQueues {
  readonly #usage = new Map<string, { messages: number; bytes: number }>()
  readonly #database: DatabaseSync
  readonly #limits: QueueLimits
  readonly #onDropped: (clientId: string) => void
  readonly #sql

  constructor(database: DatabaseSync, limits: QueueLimits, onDropped: (clientId: string) => void) {
    this.#database = database
    this.#limits = limits
    this.#onDropped = onDropped
    this.#sql = statements(database)
  }

  load(): void {
    this.#usage.clear()
    const rows = this.#database
      .prepare('SELECT client, count(*) AS messages, sum(bytes) AS bytes FROM outgoing GROUP BY 1')
      .iterate()
    for (const { client, messages, bytes } of rows) {
      this.#usage.set(String(client), { messages: Number(messages), bytes: Number(bytes) })
    }
  }

  /** How many packets wait for one client, or for all of them. */
  count(clientId?: string): number {
    if (clientId !== undefined) return this.#usage.get(clientId)?.messages ?? 0
    return [...this.#usage.values()].reduce((sum, { messages }) => sum + messages, 0)
  }

  enqueue(clientId: string, packet: Publication, qos: 0 | 1 | 2 = packet.qos): void {
    const bytes = bytesOf(packet.payload) + Buffer.byteLength(packet.topic) + OVERHEAD
    if (!this.#makeRoom(clientId, bytes)) return
    const { cmd, brokerId, brokerCounter, messageId, topic, payload, retain, dup } = packet
    this.#sql.insert.run(
      ...[clientId, cmd, brokerId, brokerCounter, messageId ?? null],
      ...[topic, payload, qos, Number(retain), Number(dup), bytes],
    )
    this.#count(clientId, 1, bytes)
  }

  /** Gives a packet the id under which it goes out; one that was never queued is queued. */
  assign(clientId: string, packet: Publication): void {
    const { brokerId, brokerCounter, messageId } = packet
    if (this.#usage.has(clientId)) {
      const changed = this.#sql.assign.run(messageId ?? null, clientId, brokerCounter, brokerId)
      if (changed.changes > 0) return
    }
    this.enqueue(clientId, packet)
  }

  /** The client has a QoS 2 packet: only its id is kept from here on [MQTT-4.3.3-1]. */
  toRelease(clientId: string, messageId: number): void {
    const row = this.#sql.byMessage.get(clientId, messageId)
    if (!row) {
      this.#sql.insertRelease.run(clientId, messageId, OVERHEAD)
      this.#count(clientId, 1, OVERHEAD)
      return
    }
    this.#sql.toRelease.run(OVERHEAD, row.seq as number)
    this.#count(clientId, 0, OVERHEAD - Number(row.bytes))
  }

  /** Lets go of a packet that was acknowledged (or is not to be delivered), and answers with it. */
  remove(clientId: string, name: PacketName): Publication | Release | undefined {
    if (!this.#usage.has(clientId)) return undefined
    const row = this.#find(clientId, name)
    if (!row) return undefined
    this.#sql.delete.run(row.seq as number)
    this.#count(clientId, -1, -Number(row.bytes))
    return packetOf(row)
  }

  clean(clientId: string): void {
    if (this.#usage.delete(clientId)) this.#sql.clean.run(clientId)
  }

  /** Whether a packet waits for a client, or for his acknowledgement. */
  contains(clientId: string, name: PacketName): boolean {
    return this.#usage.has(clientId) && this.#find(clientId, name) !== undefined
  }

  /** The next packets that wait for a client, oldest first. `after` is the last one's `seq`. */
  page(clientId: string, after: number): { seq: number; packet: Publication | Release }[] {
    if (!this.#usage.has(clientId)) return []
    return this.#sql.page
      .all(clientId, after, PAGE)
      .map((row) => ({ seq: Number(row.seq), packet: packetOf(row) }))
  }

  #find(clientId: string, { messageId, brokerId, brokerCounter }: PacketName): Row | undefined {
    if (messageId !== undefined) return this.#sql.byMessage.get(clientId, messageId)
    if (brokerId === undefined || brokerCounter === undefined) return undefined
    return this.#sql.byCounter.get(clientId, brokerCounter, brokerId)
  }

  #makeRoom(clientId: string, bytes: number): boolean {
    for (;;) {
      const used = this.#usage.get(clientId)
      if (!used) return true
      const fits = used.messages < this.#limits.messages && used.bytes + bytes <= this.#limits.bytes
      if (fits) return true
      this.#onDropped(clientId)
      const oldest = this.#sql.oldest.get(clientId)
      if (!oldest) return false
      this.#sql.delete.run(oldest.seq as number)
      this.#count(clientId, -1, -Number(oldest.bytes))
    }
  }

  #count(clientId: string, messages: number, bytes: number): void {
    const used = this.#usage.get(clientId) ?? { messages: 0, bytes: 0 }
    used.messages += messages
    used.bytes += bytes
    if (used.messages > 0) this.#usage.set(clientId, used)
    else this.#usage.delete(clientId)
  }
}

function statements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  return {
    insert: sql(
      'INSERT INTO outgoing (client, cmd, broker, counter, message_id, topic, payload, qos, retain, dup, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    insertRelease: sql(
      "INSERT INTO outgoing (client, cmd, message_id, bytes) VALUES (?, 'pubrel', ?, ?)",
    ),
    assign: sql(
      'UPDATE outgoing SET message_id = ? WHERE client = ? AND counter = ? AND broker = ?',
    ),
    toRelease: sql(
      "UPDATE outgoing SET cmd = 'pubrel', broker = NULL, counter = NULL, topic = NULL, payload = NULL, bytes = ? WHERE seq = ?",
    ),
    byMessage: sql(
      'SELECT * FROM outgoing WHERE client = ? AND message_id = ? ORDER BY seq LIMIT 1',
    ),
    byCounter: sql(
      'SELECT * FROM outgoing WHERE client = ? AND counter = ? AND broker = ? LIMIT 1',
    ),
    oldest: sql(
      "SELECT seq, bytes FROM outgoing WHERE client = ? AND cmd = 'publish' AND qos = 1 ORDER BY seq LIMIT 1",
    ),
    page: sql('SELECT * FROM outgoing WHERE client = ? AND seq > ? ORDER BY seq LIMIT ?'),
    delete: sql('DELETE FROM outgoing WHERE seq = ?'),
    clean: sql('DELETE FROM outgoing WHERE client = ?'),
  }
}

function packetOf(row: Row): Publication | Release {
  if (row.cmd === 'pubrel') return { cmd: 'pubrel', messageId: Number(row.message_id) }
  return {
    cmd: 'publish',
    brokerId: String(row.broker),
    brokerCounter: Number(row.counter),
    topic: String(row.topic),
    payload: asPayload(row.payload),
    qos: Number(row.qos) as 0 | 1 | 2,
    retain: row.retain === 1,
    dup: row.dup === 1,
    messageId: row.message_id === null ? undefined : Number(row.message_id),
  }
}
