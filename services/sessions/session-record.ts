/** What is stored under `websocket:<user>:<session>`; moments in epoch seconds, as the seed has them. */
export interface SessionRecord {
  readonly user_id: string
  readonly session_id: string
  readonly device_info: Readonly<Record<string, unknown>>
  readonly connected_at: number
  readonly last_heartbeat: number
  /** The process that holds the socket; `null` for a device that drains by MQTT or HTTP. */
  readonly node: string | null
  /** Which socket of the session is the current one; a later one takes its place. */
  readonly connection: string | null
  /** False while its socket is away and the session waits to be resumed. */
  readonly connected: boolean
  /** Whether it acknowledges what it gets; only then is anything sent again. */
  readonly acknowledges: boolean
  /** What its client speaks: `native`, `sse`, `socketio`, `mqtt`; `feed`: Pusher clients of its user. */
  readonly protocol: string
  /** Of a client that is put onto its broadcast channels again when it comes back. */
  readonly rooms?: Rooms
}

/** Names of broadcast channels; on a user's own the place in their history from which on it is told. */
export type Rooms = Readonly<
  Record<string, { readonly epoch: string; readonly offset: number } | null>
>

export interface SessionName {
  readonly user: string
  readonly session: string
}

/** One entry of `websocket:queue:<user>:<session>`, as a drain shows it. */
export interface SessionEntry {
  readonly seq: number
  readonly user_id: string
  readonly session_id: string
  readonly type: string
  readonly data: unknown
  /** Epoch seconds. */
  readonly timestamp: number
}

/** How long a session and its queue live after the last sign of life. */
export const SESSION_TTL_MS = 3_600_000

/** The per-user counter outlives every session that has read it. */
export const SEQUENCE_TTL_MS = 2 * SESSION_TTL_MS

export function parseSession(text: string | null): SessionRecord | null {
  return text === null ? null : (JSON.parse(text) as SessionRecord)
}

/** A process touches the sessions it holds more often than this; one that died does not. */
const STALE_MS = 15 * 60_000

/** Whether somebody is there: a device without a socket counts until its session ends. */
export function isPresent(record: SessionRecord, now: number): boolean {
  const stale = record.node !== null && record.last_heartbeat * 1000 < now - STALE_MS
  return record.connected && !stale
}

export interface Connecting {
  /** Resumes this session, or starts one of this name. */
  readonly sessionId?: string | undefined
  readonly deviceInfo?: Readonly<Record<string, unknown>>
  /** Process and socket that hold it; `null` for a device without a socket. */
  readonly node?: string | null
  readonly connection?: string | null
  readonly acknowledges?: boolean
  readonly protocol?: string
  readonly rooms?: Rooms | undefined
}

/** The record of a session that starts, or of one that is resumed. */
export function openSession(
  { user, session }: SessionName,
  {
    deviceInfo,
    node = null,
    connection = null,
    acknowledges = false,
    protocol = 'mqtt',
    rooms,
  }: Connecting,
  earlier: SessionRecord | null,
  now: number,
): SessionRecord {
  return {
    user_id: user,
    session_id: session,
    device_info: deviceInfo ?? earlier?.device_info ?? {},
    connected_at: earlier?.connected_at ?? now / 1000,
    last_heartbeat: now / 1000,
    node,
    connection,
    connected: true,
    protocol,
    acknowledges: acknowledges || (earlier?.acknowledges ?? false),
    ...(rooms && { rooms }),
  }
}
