import { isoTime, type Keys, type Store } from '../../src/index.ts'
import type { SessionRecord } from './session-record.ts'
import type { SessionService } from './session-service.ts'

/** A realtime session as operators see it. */
export interface ConnectionInfo {
  readonly user_id: string
  readonly session_id: string
  readonly transport: 'socket' | 'mqtt'
  readonly node: string | null
  readonly is_active: boolean
  readonly acknowledges: boolean
  readonly device_info: Readonly<Record<string, unknown>>
  readonly created_at: string
  readonly last_activity: string
  /** Entries that wait in its queue. */
  readonly backlog: number
}

/** Lists who is connected, over all processes. */
export class ConnectedSessions {
  readonly #store: Store
  readonly #keys: Keys
  readonly #sessions: SessionService

  constructor(parts: { store: Store; keys: Keys; sessions: SessionService }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#sessions = parts.sessions
  }

  /** The sessions of up to `limit` users. */
  async list(limit: number): Promise<ConnectionInfo[]> {
    const found: ConnectionInfo[] = []
    for (let partition = 0; partition < this.#store.partitions; partition++) {
      const room = limit - found.length
      if (room <= 0) break
      const { members } = await this.#store.scan(partition, this.#keys.connectedUsers(), null, room)
      const sessions = await Promise.all(members.map((user) => this.#sessions.sessionsOf(user)))
      const described = sessions.flat().map((session) => this.#describe(partition, session))
      found.push(...(await Promise.all(described)))
    }
    return found.slice(0, limit)
  }

  async #describe(partition: number, session: SessionRecord): Promise<ConnectionInfo> {
    const { user_id, session_id, node, connected, acknowledges, device_info } = session
    const queue = this.#keys.sessionQueue(user_id, session_id)
    return {
      user_id,
      session_id,
      transport: node === null ? 'mqtt' : 'socket',
      node,
      is_active: connected,
      acknowledges,
      device_info,
      created_at: isoTime(session.connected_at * 1000),
      last_activity: isoTime(session.last_heartbeat * 1000),
      backlog: await this.#store.length(partition, queue),
    }
  }
}
