import {
  type ClientInfo,
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { parseSession, type SessionRecord } from './session-record.ts'
import type { SessionService } from './session-service.ts'

/** A realtime client, or a session that waits for its client, as operators see it. */
export interface ConnectionInfo {
  readonly user_id: string | null
  /** For Pusher clients, which have no session, the socket's id. */
  readonly session_id: string
  readonly protocol: string
  readonly transport: 'socket' | 'mqtt'
  readonly node: string | null
  readonly is_active: boolean
  readonly acknowledges: boolean
  readonly channels: readonly string[]
  readonly device_info: Readonly<Record<string, unknown>>
  readonly created_at: string
  readonly last_activity: string
  /** How long it has been connected. */
  readonly age_seconds: number
  /** Entries that wait in its queue. */
  readonly backlog: number
  /** Bytes that its network has not taken. */
  readonly buffered_bytes: number
}

/** What only the gateways know. */
interface Gateways {
  clients(question: {
    readonly scope: string
    readonly id: string | null
    readonly user: string | null
    readonly limit: number
  }): Promise<ClientInfo[]>
  /** Sends a client away. */
  dismiss(id: string): void
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly sessions: SessionService
  readonly gateways: Gateways
}

interface Wanted {
  readonly user: string | null
  readonly limit: number
}

/** Lists who is connected, over all processes, and sends clients away. */
export class ConnectedSessions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Up to `limit` clients, of one user or of all. */
  async list(wanted: Wanted): Promise<ConnectionInfo[]> {
    const { keys } = this.#parts
    const [clients, sessions] = await Promise.all([
      this.#parts.gateways.clients({ scope: keys.scope, id: null, ...wanted }),
      this.#stored(wanted),
    ])
    const live = new Map(clients.map((client) => [client.id, client]))
    const described = await Promise.all(
      sessions.map((session) => this.#describe(session, live.get(session.session_id))),
    )
    const known = new Set(sessions.map(({ session_id }) => session_id))
    const others = clients.filter(({ id }) => !known.has(id)).map((client) => this.#show(client))
    return [...described, ...others].slice(0, wanted.limit)
  }

  /**
   * Ends a session with its socket, or a client that has none. A session whose
   * client is away is found by its user. Throws `NotFound`.
   */
  async close(id: string, user: string | null): Promise<void> {
    const { gateways, sessions, keys } = this.#parts
    const [client] = await gateways.clients({ scope: keys.scope, id, user, limit: 1 })
    if (client !== undefined && client.protocol === 'pusher') {
      gateways.dismiss(id)
      return
    }
    const owner = client?.user ?? user
    if (owner === null || !(await this.#isSession(owner, id))) {
      throw new NotFound(`There is no connection ${id}; say user_id for one that is away.`)
    }
    await sessions.disconnect(owner, id)
  }

  async #isSession(user: string, id: string): Promise<boolean> {
    const { store, keys } = this.#parts
    const partition = partitionOf(user, store.partitions)
    return parseSession(await store.get(partition, keys.session(user, id))) !== null
  }

  async #stored({ user, limit }: Wanted): Promise<SessionRecord[]> {
    const { sessions, store, keys } = this.#parts
    const found: SessionRecord[] = []
    if (user !== null) found.push(...(await sessions.sessionsOf(user)))
    else {
      for (let partition = 0; partition < store.partitions; partition++) {
        const room = limit - found.length
        if (room <= 0) break
        const { members } = await store.scan(partition, keys.connectedUsers(), null, room)
        const theirs = await Promise.all(members.map((member) => sessions.sessionsOf(member)))
        found.push(...theirs.flat())
      }
    }
    return found.filter(({ protocol }) => protocol !== 'feed').slice(0, limit)
  }

  async #describe(session: SessionRecord, live?: ClientInfo): Promise<ConnectionInfo> {
    const { store, keys, clock } = this.#parts
    const { user_id, session_id, node, connected, acknowledges, device_info } = session
    const queue = keys.sessionQueue(user_id, session_id)
    return {
      user_id,
      session_id,
      protocol: session.protocol,
      transport: node === null ? 'mqtt' : 'socket',
      node,
      is_active: connected,
      acknowledges,
      channels: live?.channels ?? [],
      device_info,
      created_at: isoTime(session.connected_at * 1000),
      last_activity: isoTime(session.last_heartbeat * 1000),
      age_seconds: ageOf(live?.openedAt ?? session.connected_at, clock),
      backlog: await store.length(partitionOf(user_id, store.partitions), queue),
      buffered_bytes: live?.buffered ?? 0,
    }
  }

  /** A client that has no session. */
  #show({ id, protocol, user, channels, openedAt, buffered }: ClientInfo): ConnectionInfo {
    const openedTime = isoTime(openedAt * 1000)
    return {
      user_id: user,
      session_id: id,
      protocol,
      transport: 'socket',
      node: null,
      is_active: true,
      acknowledges: false,
      channels,
      device_info: {},
      created_at: openedTime,
      last_activity: openedTime,
      age_seconds: ageOf(openedAt, this.#parts.clock),
      backlog: 0,
      buffered_bytes: buffered,
    }
  }
}

function ageOf(openedAt: number, clock: Clock): number {
  return Math.max(0, Math.round(clock.now() / 1000 - openedAt))
}
