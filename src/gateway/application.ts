import type { ChannelVerdict } from '../broadcasting/channel-rules.ts'
import type { Principal } from '../context.ts'
import type { Position } from './position.ts'

/** What a client showed to say who it is, wherever it put it. */
export interface Credential {
  /** From `?token=`, `Sec-WebSocket-Protocol: belfry, <token>` or `Authorization: Bearer`. */
  readonly token: string | null
  /** A one-time ticket, from `?ticket=`. */
  readonly ticket: string | null
  /** Whom it claims to be; counts only where authentication is off. */
  readonly userId: string | null
  /** The session that it comes back to, where only its owner can name it. */
  readonly session?: string | null
}

/** Answers `null` when nothing was shown; throws `Unauthenticated` when it does not hold. */
export type Authenticate = (credential: Credential) => Promise<Principal | null>

export interface Inbox {
  /** These answer with the unread count. */
  markRead(user: string, id: string): Promise<number>
  markAllRead(user: string): Promise<number>
  unreadCount(user: string): Promise<number>
  /** A client of the user's has these; ids that are not in his inbox are left out. */
  markDelivered(user: string, ids: readonly string[]): Promise<void>
  list(
    user: string,
    asked: { readonly unreadOnly: boolean; readonly cursor: string | null },
  ): Promise<Readonly<Record<string, unknown>>>
}

export interface Alerts {
  /** Answers with the fields of the reply: `status`, `alert_id`. */
  acknowledge(
    id: string,
    user: string,
    note: string | null,
  ): Promise<Readonly<Record<string, unknown>>>
}

export type Rooms = Readonly<Record<string, Position | null>>

export interface Sessions {
  connect(
    user: string,
    connecting: {
      readonly sessionId?: string | undefined
      readonly node: string
      readonly connection: string
      readonly acknowledges: boolean
      readonly protocol: string
      readonly rooms?: Rooms | undefined
    },
  ): Promise<{
    readonly session_id: string
    readonly resumed: boolean
    readonly acknowledges: boolean
    readonly unread_count: number
    readonly pending: readonly unknown[]
    readonly seq: number
  }>
  detach(user: string, session: string, connection: string): Promise<unknown>
  disconnect(user: string, session: string): Promise<void>
  touch<Item extends { readonly user: string; readonly session: string }>(
    sessions: readonly Item[],
  ): Promise<Item[]>
  backlog(
    user: string,
    session: string,
  ): Promise<{ readonly seq: number; readonly entries: readonly string[] }>
  /** Up to a sequence number, or what carries a record's id up to there. */
  acknowledge(
    user: string,
    session: string,
    what: number | { readonly id: string; readonly upTo: number },
  ): Promise<number>
  markAcknowledging(user: string, session: string): Promise<void>
  /** Channels that a client is put onto again when it comes back, with its place where they have a history. */
  keepRooms(user: string, session: string, rooms: Rooms): Promise<void>
  roomsOf(user: string, session: string): Promise<Rooms>
  sequences(users: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** What the gateway calls of the application, for one tenant. */
export interface Application {
  /** The tenant's key prefix, `Keys.scope`. */
  readonly scope: string
  readonly sessions: Sessions
  readonly inbox: Inbox
  readonly alerts: Alerts
  /** What the rules say; `null` for a principal nobody knows. */
  authorizeChannel(
    principal: Principal | null,
    channel: string,
  ): ChannelVerdict | Promise<ChannelVerdict>
  /** Broadcast channels that somebody is put onto unasked, where the protocol has such: of his roles, and of the system. */
  roomsOf(principal: Principal): Promise<readonly string[]>
  /** Throws `RateLimitExceeded` when a client sends too much. */
  admit(principal: Principal, frameType: string): void | Promise<void>
}
