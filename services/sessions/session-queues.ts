import { type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { SEQUENCE_TTL_MS, SESSION_TTL_MS, type SessionEntry } from './session-record.ts'

export interface Backlog {
  /** The user's sequence number just before the entries were read. */
  readonly seq: number
  /** JSON texts, oldest first. */
  readonly entries: readonly string[]
}

/** The queues `websocket:queue:<user>:<session>`: what a session was sent and has not acknowledged. */
export class SessionQueues {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  async drain(user: string, session: string, max: number): Promise<SessionEntry[]> {
    const key = this.#keys.sessionQueue(user, session)
    const texts = await this.#store.drain(this.#partition(user), key, max)
    return texts.map((text) => JSON.parse(text) as SessionEntry)
  }

  async backlog(user: string, session: string): Promise<Backlog> {
    const partition = this.#partition(user)
    const seq = Number(await this.#store.get(partition, this.#keys.sessionSeq(user)))
    const key = this.#keys.sessionQueue(user, session)
    const entries = await this.#store.list(partition, key, 0, -1)
    return { seq, entries: entries.reverse() }
  }

  acknowledgeUpTo(user: string, session: string, seq: number): Promise<number> {
    return this.#store.acknowledge(
      this.#partition(user),
      this.#keys.sessionQueue(user, session),
      seq,
    )
  }

  async acknowledgeOne(
    user: string,
    session: string,
    { id, upTo }: { readonly id: string; readonly upTo: number },
  ): Promise<number> {
    const { entries } = await this.backlog(user, session)
    const named = entries.filter((entry) => idOfEntry(entry) === id && seqOfEntry(entry) <= upTo)
    const key = this.#keys.sessionQueue(user, session)
    const ops = named.map((entry): Op => ['pull', key, entry])
    if (ops.length > 0) await this.#store.commit({ partition: this.#partition(user), ops })
    return named.length
  }

  async sequences(users: readonly string[]): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    for (const [partition, members] of Map.groupBy(users, (user) => this.#partition(user))) {
      const names = members.map((user) => this.#keys.sessionSeq(user))
      const values = await this.#store.getMany(partition, names)
      for (const [index, user] of members.entries()) found.set(user, Number(values[index]))
    }
    return found
  }

  /** Queues records (newest first) as entries that a drain gives oldest first. */
  async put(
    user: string,
    session: string,
    records: readonly unknown[],
    now: number,
  ): Promise<void> {
    if (records.length === 0) return
    const key = this.#keys.sessionQueue(user, session)
    const last = await this.#reserve(user, records.length)
    const head = { user_id: user, session_id: session, type: 'notification' }
    const ops = records
      .map((data, index) => ({ seq: last - index, ...head, data, timestamp: now / 1000 }))
      .reverse()
      .map((entry): Op => ['push', key, JSON.stringify(entry), 0])
    const partition = this.#partition(user)
    await this.#store.commit({ partition, ops: [...ops, ['expire', key, SESSION_TTL_MS]] })
  }

  /** The last of `count` sequence numbers that nobody else gets. */
  async #reserve(user: string, count: number): Promise<number> {
    const key = this.#keys.sessionSeq(user)
    const outcome = await this.#store.commit({
      partition: this.#partition(user),
      ops: [['incr', key, count, SEQUENCE_TTL_MS]],
    })
    return outcome.applied ? (outcome.results[0] ?? 0) : 0
  }

  #partition(user: string): number {
    return partitionOf(user, this.#store.partitions)
  }
}

/** The id of the record that an entry carries; entries of other kinds have none. */
export function idOfEntry(entry: string): string | undefined {
  return (JSON.parse(entry) as { data?: { id?: string } }).data?.id
}

function seqOfEntry(entry: string): number {
  return (JSON.parse(entry) as { seq: number }).seq
}
