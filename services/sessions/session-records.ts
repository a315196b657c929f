import {
  type Clock,
  type Keys,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
  uuidv7,
} from '../../src/index.ts'
import {
  type Connecting,
  openSession,
  parseSession,
  SEQUENCE_TTL_MS,
  SESSION_TTL_MS,
  type SessionName,
  type SessionRecord,
} from './session-record.ts'

const ATTEMPTS = 5

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

interface Opened {
  readonly record: SessionRecord
  readonly resumed: boolean
  readonly seq: number
}

/** The records of sessions, and with each change of one another hour for all that is the session's. */
export class SessionRecords {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock

  constructor({ store, keys, clock }: Parts) {
    this.#store = store
    this.#keys = keys
    this.#clock = clock
  }

  async get({ user, session }: SessionName): Promise<SessionRecord | null> {
    return parseSession(
      await this.#store.get(this.#partition(user), this.#keys.session(user, session)),
    )
  }

  /** A sign of life that changes the record, whoever else does; `false`: it is not there, or stays as it is. */
  async change(
    { user, session }: SessionName,
    change: (record: SessionRecord) => SessionRecord | null,
  ): Promise<boolean> {
    const key = this.#keys.session(user, session)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const text = await this.#store.get(this.#partition(user), key)
      const record = parseSession(text)
      const changed = record && change(record)
      if (changed === null) return false
      const { applied } = await this.#store.commit({
        partition: this.#partition(user),
        guards: [['expect', key, text]],
        ops: this.#aliveOps({ ...changed, last_heartbeat: this.#clock.now() / 1000 }),
      })
      if (applied) return true
    }
    throw contended(session)
  }

  /** Starts a session, or resumes it; answers with the user's sequence number of that moment. */
  async open(user: string, connecting: Connecting): Promise<Opened> {
    const { sessionId = uuidv7(this.#clock.now()) } = connecting
    const key = this.#keys.session(user, sessionId)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const text = await this.#store.get(this.#partition(user), key)
      const record = openSession(
        { user, session: sessionId },
        connecting,
        parseSession(text),
        this.#clock.now(),
      )
      const queue = this.#keys.sessionQueue(user, sessionId)
      const outcome = await this.#store.commit({
        partition: this.#partition(user),
        guards: [['expect', key, text]],
        ops: [
          ['incr', this.#keys.sessionSeq(user), 0, SEQUENCE_TTL_MS],
          ...(text === null ? [['del', queue] as const] : []),
          ...this.#aliveOps(record),
        ],
      })
      if (outcome.applied) return { record, resumed: text !== null, seq: outcome.results[0] ?? 0 }
    }
    throw contended(sessionId)
  }

  #aliveOps(record: SessionRecord): Op[] {
    const keys = this.#keys
    const { user_id: user, session_id: session } = record
    return [
      ['set', keys.session(user, session), JSON.stringify(record), SESSION_TTL_MS],
      ['sadd', keys.sessions(user), session],
      ['expire', keys.sessions(user), SESSION_TTL_MS],
      ['expire', keys.sessionQueue(user, session), SESSION_TTL_MS],
      ['expire', keys.sessionSeq(user), SEQUENCE_TTL_MS],
      ...(record.connected ? [['sadd', keys.connectedUsers(), user] as const] : []),
    ]
  }

  #partition(user: string): number {
    return partitionOf(user, this.#store.partitions)
  }
}

function contended(session: string): Unavailable {
  return new Unavailable(`Session ${session} is being changed by others; try again.`)
}
