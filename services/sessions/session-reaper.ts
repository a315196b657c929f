import { type Clock, type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { isPresent, parseSession, type SessionRecord } from './session-record.ts'

/** Sessions kept per user, those that wait to be resumed included. */
const SESSIONS_PER_USER = 40
const SCAN_PAGE = 200

/** Keeps the indexes of sessions true: members of sets do not end with the sessions they name. */
export class SessionReaper {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock

  constructor(parts: { store: Store; keys: Keys; clock: Clock }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
  }

  /** A user's sessions; those that have ended are taken out of the index on the way. */
  async sessionsOf(user: string): Promise<SessionRecord[]> {
    const partition = partitionOf(user, this.#store.partitions)
    const ids = await this.#store.members(partition, this.#keys.sessions(user))
    const names = ids.map((id) => this.#keys.session(user, id))
    const records = (await this.#store.getMany(partition, names)).map(parseSession)
    const ghosts = ids.filter((_, index) => records[index] === null)
    if (ghosts.length > 0) await this.#remove(user, ghosts, (one) => !this.#isPresent(one))
    return records.filter((record) => record !== null)
  }

  /**
   * Ends sessions when a user has too many: first those that wait to be resumed,
   * then devices without a socket, of each those that were silent longest. Never
   * `current`, and none that holds a socket.
   */
  async limit(user: string, current: string): Promise<void> {
    const partition = partitionOf(user, this.#store.partitions)
    const count = await this.#store.count(partition, this.#keys.sessions(user))
    if (count <= SESSIONS_PER_USER) return
    const sessions = await this.sessionsOf(user)
    const rank = (session: SessionRecord) => (this.#isPresent(session) ? 1 : 0)
    const dispensable = sessions
      .filter((session) => !this.#hasSocket(session) && session.session_id !== current)
      .sort((a, b) => rank(a) - rank(b) || a.last_heartbeat - b.last_heartbeat)
    const surplus = dispensable.slice(0, Math.max(0, sessions.length - SESSIONS_PER_USER))
    if (surplus.length > 0) {
      const ids = surplus.map(({ session_id }) => session_id)
      await this.#remove(user, ids, (one) => !this.#hasSocket(one))
    }
  }

  /**
   * Takes a user without a client out of the connected ones. A session that
   * connects at the same moment is seen by the second look.
   */
  async settle(user: string): Promise<boolean> {
    const partition = partitionOf(user, this.#store.partitions)
    if (await this.#hasClient(user)) return false
    const connected = this.#keys.connectedUsers()
    await this.#store.commit({ partition, ops: [['srem', connected, user]] })
    if (!(await this.#hasClient(user))) return true
    await this.#store.commit({ partition, ops: [['sadd', connected, user]] })
    return false
  }

  async sweep(): Promise<number> {
    let gone = 0
    for (let partition = 0; partition < this.#store.partitions; partition++) {
      let cursor: string | null = null
      do {
        const page = await this.#store.scan(
          partition,
          this.#keys.connectedUsers(),
          cursor,
          SCAN_PAGE,
        )
        for (const user of page.members) if (await this.settle(user)) gone += 1
        cursor = page.cursor
      } while (cursor !== null)
    }
    return gone
  }

  async #hasClient(user: string): Promise<boolean> {
    return (await this.sessionsOf(user)).some((session) => this.#isPresent(session))
  }

  #isPresent(session: SessionRecord): boolean {
    return isPresent(session, this.#clock.now())
  }

  #hasSocket(session: SessionRecord): boolean {
    return session.node !== null && this.#isPresent(session)
  }

  /** Only what may go by now: a client may come back between the look and the write. */
  async #remove(
    user: string,
    ids: readonly string[],
    mayGo: (session: SessionRecord) => boolean,
  ): Promise<void> {
    const partition = partitionOf(user, this.#store.partitions)
    await Promise.all(
      ids.map(async (id) => {
        const key = this.#keys.session(user, id)
        const text = await this.#store.get(partition, key)
        const record = parseSession(text)
        if (record !== null && !mayGo(record)) return
        const ops: Op[] = [
          ['del', key],
          ['del', this.#keys.sessionQueue(user, id)],
          ['srem', this.#keys.sessions(user), id],
        ]
        await this.#store.commit({ partition, guards: [['expect', key, text]], ops })
      }),
    )
  }
}
