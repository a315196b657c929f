import {
  type Clock,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { UnreadInbox } from '../notifications/unread-inbox.ts'
import { type Backlog, idOfEntry, SessionQueues } from './session-queues.ts'
import { SessionReaper } from './session-reaper.ts'
import {
  type Connecting,
  type Rooms,
  SESSION_TTL_MS,
  type SessionEntry,
  type SessionName,
  type SessionRecord,
} from './session-record.ts'
import { SessionRecords } from './session-records.ts'

const PENDING_LIMIT = 10

export interface Connected {
  readonly session_id: string
  /** Whether the session was there before; its queue is then sent again. */
  readonly resumed: boolean
  readonly acknowledges: boolean
  readonly unread_count: number
  /** The newest unread records that are not in the queue, newest first. */
  readonly pending: readonly { readonly id: string }[]
  /** The user's sequence number when the session joined; its entries are above. */
  readonly seq: number
}

/** What `SessionService` needs of the gateway: that a session's socket is closed. */
export interface SessionEnding {
  end(user: string, session: string): void
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly realtime: SessionEnding
}

/**
 * Realtime sessions and their queues. Everything of a session lies in the
 * partition of its user; a session lives an hour after its last sign of life.
 */
export class SessionService {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock
  readonly #realtime: SessionEnding
  readonly #inbox: UnreadInbox
  readonly #reaper: SessionReaper
  readonly #queues: SessionQueues
  readonly #records: SessionRecords

  constructor(parts: Parts) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
    this.#realtime = parts.realtime
    this.#inbox = new UnreadInbox(parts)
    this.#reaper = new SessionReaper(parts)
    this.#queues = new SessionQueues(parts)
    this.#records = new SessionRecords(parts)
  }

  /** Starts or resumes a session; from the answer on, fan-outs reach its queue. */
  async connect(user: string, connecting: Connecting = {}): Promise<Connected> {
    const { record, resumed, seq } = await this.#records.open(user, connecting)
    const { session_id, acknowledges } = record
    const [newest, unread_count] = await Promise.all([
      this.#inbox.newest(user, PENDING_LIMIT, this.#clock.now()),
      this.#inbox.count(user),
      this.#reaper.limit(user, session_id),
    ])
    const pending = await this.#withoutQueued(user, session_id, newest)
    return { session_id, resumed, acknowledges, unread_count, pending, seq }
  }

  /** What is in the queue is sent from there. */
  async #withoutQueued(user: string, session: string, records: Connected['pending']) {
    if (records.length === 0) return records
    const queued = new Set((await this.backlog(user, session)).entries.map(idOfEntry))
    return records.filter(({ id }) => !queued.has(id))
  }

  async disconnect(user: string, session: string): Promise<void> {
    const keys = this.#keys
    await this.#commit(user, [
      ['del', keys.session(user, session)],
      ['del', keys.sessionQueue(user, session)],
      ['srem', keys.sessions(user), session],
    ])
    await this.#reaper.settle(user)
    this.#realtime.end(user, session)
  }

  /** The socket is gone; the session waits to be resumed. `false`: it has another one by now. */
  async detach(user: string, session: string, connection: string): Promise<boolean> {
    const isDetached = await this.#records.change({ user, session }, (record) =>
      record.connection === connection ? { ...record, connected: false } : null,
    )
    if (isDetached) await this.#reaper.settle(user)
    return isDetached
  }

  /** A sign of life; answers with the seconds until the session ends without another. */
  async heartbeat(user: string, session: string): Promise<number> {
    const missing = await this.touch([{ user, session }])
    if (missing.length > 0) throw new NotFound(`There is no session ${session}.`)
    return SESSION_TTL_MS / 1000
  }

  /** Signs of life of many sessions at once; answers with those that are no longer there. */
  async touch<Item extends SessionName>(sessions: readonly Item[]): Promise<Item[]> {
    const found = await Promise.all(sessions.map((session) => this.#touchOne(session)))
    return sessions.filter((_, index) => !found[index])
  }

  /** Takes the oldest `max` entries out of a session's queue, oldest first: a sign of life too. */
  async drain(user: string, session: string, max: number): Promise<SessionEntry[]> {
    await this.heartbeat(user, session)
    return this.#queues.drain(user, session, max)
  }

  /** What is queued, oldest first, and the user's sequence number just before it was read. */
  backlog(user: string, session: string): Promise<Backlog> {
    return this.#queues.backlog(user, session)
  }

  /** Removes everything up to a sequence number, or the entries of one record up to there. */
  acknowledge(
    user: string,
    session: string,
    what: number | { readonly id: string; readonly upTo: number },
  ): Promise<number> {
    if (typeof what === 'number') return this.#queues.acknowledgeUpTo(user, session, what)
    return this.#queues.acknowledgeOne(user, session, what)
  }

  /** From now on this session's un-acknowledged entries are sent again. */
  async markAcknowledging(user: string, session: string): Promise<void> {
    await this.#records.change({ user, session }, (record) =>
      record.acknowledges ? null : { ...record, acknowledges: true },
    )
  }

  /** Broadcast channels that its client is put onto again when it comes back, with its place there. */
  async keepRooms(user: string, session: string, rooms: Rooms): Promise<void> {
    await this.#records.change({ user, session }, (record) => ({ ...record, rooms }))
  }

  async roomsOf(user: string, session: string): Promise<Rooms> {
    return (await this.#records.get({ user, session }))?.rooms ?? {}
  }

  /** How far each user's fan-outs have come (0: none yet). */
  sequences(users: readonly string[]): Promise<Map<string, number>> {
    return this.#queues.sequences(users)
  }

  /** Puts records into a queue that nobody watches, so that a drain gives them first. */
  enqueuePending(user: string, session: string, records: Connected['pending']): Promise<void> {
    return this.#queues.put(user, session, records, this.#clock.now())
  }

  sessionsOf(user: string): Promise<SessionRecord[]> {
    return this.#reaper.sessionsOf(user)
  }

  /** How many users have a session whose client is there. */
  async connectedCount(): Promise<number> {
    const partitions = Array.from({ length: this.#store.partitions }, (_, partition) => partition)
    const counts = await Promise.all(
      partitions.map((partition) => this.#store.count(partition, this.#keys.connectedUsers())),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Sweeps sessions that have ended without saying so; answers how many users are gone. */
  sweep(): Promise<number> {
    return this.#reaper.sweep()
  }

  #touchOne(name: SessionName): Promise<boolean> {
    return this.#records.change(name, (record) => record)
  }

  async #commit(user: string, ops: readonly Op[]): Promise<void> {
    await this.#store.commit({ partition: this.#partition(user), ops })
  }

  #partition(user: string): number {
    return partitionOf(user, this.#store.partitions)
  }
}
