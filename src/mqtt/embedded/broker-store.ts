import type { DatabaseSync } from 'node:sqlite'
import type { PacketMark } from '../../context.ts'
import { openBrokerFile } from './broker-file.ts'
import { GroupTransaction } from './group-transaction.ts'
import { IncomingPackets } from './incoming-packets.ts'
import { LastWills } from './last-wills.ts'
import { OutgoingQueues, type QueueLimits } from './outgoing-queues.ts'
import type { Publication, SessionClient } from './packets.ts'
import { RetainedMessages } from './retained-messages.ts'
import { SessionRecords } from './session-records.ts'
import { SessionSubscriptions } from './session-subscriptions.ts'
import type { Subscription } from './subscription-trie.ts'

export interface BrokerStoreOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly queueLimits?: QueueLimits
  /** Called for every packet that a full queue did without. */
  readonly onDropped?: (clientId: string) => void
}

/** A QoS 2 packet of which it is to be remembered that it was taken. */
export interface Incoming {
  readonly client: SessionClient
  readonly messageId: number
  /** Of its topic and payload. */
  readonly digest: string
  readonly mark: PacketMark
}

export const DEFAULT_QUEUE_LIMITS: QueueLimits = { messages: 100_000, bytes: 64 * 1024 * 1024 }

const NOBODY: ReadonlyMap<string, 0 | 1 | 2> = new Map()

/** Everything that the embedded broker keeps, in one SQLite file. */
export class BrokerStore {
  readonly sessions: SessionRecords
  readonly subscriptions: SessionSubscriptions
  readonly retained: RetainedMessages
  readonly outgoing: OutgoingQueues
  readonly incoming: IncomingPackets
  readonly wills: LastWills
  readonly #database: DatabaseSync
  readonly #transaction: GroupTransaction

  /** Throws `Unavailable` when the file cannot be used, or another process has it. */
  constructor({ file, queueLimits, onDropped }: BrokerStoreOptions) {
    const database = openBrokerFile(file)
    this.#database = database
    this.sessions = new SessionRecords(database)
    this.subscriptions = new SessionSubscriptions(database)
    this.retained = new RetainedMessages(database)
    this.incoming = new IncomingPackets(database)
    this.wills = new LastWills(database)
    this.outgoing = new OutgoingQueues(
      database,
      queueLimits ?? DEFAULT_QUEUE_LIMITS,
      onDropped ?? (() => {}),
    )
    this.#transaction = new GroupTransaction(database, () => this.#load())
    this.#load()
  }

  #load(): void {
    for (const part of [this.sessions, this.subscriptions, this.incoming, this.wills]) part.load()
    this.outgoing.load()
  }

  /** Runs changes as part of this turn's transaction; resolves when it is committed. */
  write<Result>(work: () => Result): Promise<Result> {
    return this.#transaction.write(work)
  }

  /** Forgets a session with everything that belongs to it. */
  async endSession(clientId: string): Promise<void> {
    await this.write(() => {
      this.sessions.forget(clientId)
      this.subscriptions.clean(clientId)
      this.outgoing.clean(clientId)
      this.incoming.clean(clientId)
    })
  }

  /**
   * Keeps what a packet needs kept, all in one: as the retained message, in the
   * queues of persistent sessions, and as taken (QoS 2). Answers `null` when
   * there is nothing to write.
   */
  keep(packet: Publication, incoming: Incoming | null): Promise<void> | null {
    const queues = packet.qos > 0 ? strongest(this.subscriptions.match(packet.topic)) : NOBODY
    const inFile = incoming !== null && !incoming.client.clean
    if (incoming && !inFile) this.#take(incoming)
    if (!packet.retain && queues.size === 0 && !inFile) return null
    return this.write(() => {
      const { cmd, topic, payload, qos, retain } = packet
      if (retain) this.retained.store({ cmd, topic, payload, qos, retain })
      for (const [clientId, granted] of queues) {
        const weaker = granted < qos ? granted : qos
        this.outgoing.enqueue(clientId, { ...packet, retain: false, dup: false }, weaker)
      }
      if (incoming && inFile) this.#take(incoming)
    })
  }

  /** Remembers that a QoS 2 packet was taken and nothing else of it. */
  keepTaken(incoming: Incoming): Promise<void> | null {
    if (!incoming.client.clean) return this.write(() => this.#take(incoming))
    this.#take(incoming)
    return null
  }

  // Only that it was taken matters from here on, not what it said.
  #take({ client, messageId, digest, mark }: Incoming): void {
    const kept = { cmd: 'publish', topic: '', payload: '', qos: 2, messageId, digest }
    this.incoming.store(client, mark.marker ? { ...kept, mark } : kept)
  }

  /** Commits what is waiting and closes the file. */
  close(): void {
    this.#transaction.flush()
    this.#database.close()
  }
}

/** One entry for each client: a message that several of his filters match is queued once. */
function strongest(subscriptions: readonly Subscription[]): ReadonlyMap<string, 0 | 1 | 2> {
  const byClient = new Map<string, 0 | 1 | 2>()
  for (const { clientId, qos } of subscriptions) {
    if (qos >= (byClient.get(clientId) ?? 0)) byClient.set(clientId, qos)
  }
  return byClient
}
