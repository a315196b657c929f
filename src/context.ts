import type { Logger } from './support/logger.ts'

/** What a token or key allows its holder to do. */
export type Scope = 'publish' | 'read' | 'operate' | 'admin'

/** Who is behind a message, as far as it proved it. */
export interface Principal {
  /** User id, or the name of a device or key. */
  readonly id: string
  readonly tenant: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly Scope[]
  /** Topic patterns that may be published; `null`: any. */
  readonly topics: readonly string[] | null
  /** Broadcast channel patterns that may be joined besides the rules; `null`: none. */
  readonly channels: readonly string[] | null
  /** Epoch milliseconds; `null` for a key without end. */
  readonly expiresAt: number | null
  /** How it was proved. */
  readonly via: 'token' | 'key' | 'none'
}

/**
 * A QoS 2 packet on its way in. The write that accepts the message also stores
 * `id` (client, packet id and payload hash), so that a redelivery after a crash
 * has no second effect; the broker's PUBREL lets go of it.
 */
export interface PacketMark {
  readonly id: string
  /** Only a redelivery is compared with what is stored: packet ids are used again. */
  readonly dup: boolean
  /** Where the mark was stored, once it was. */
  marker: { readonly partition: number; readonly key: string } | null
}

/** The way by which a message came in. */
export type Door = 'mqtt' | 'http' | 'socket' | 'event'

/** What every way in shares, from the first middleware to the handler. */
export interface Context<Params = Readonly<Record<string, string>>, Payload = unknown> {
  /** A UUIDv7, minted once for the message: trying again makes the same records, not new ones. */
  readonly id: string
  readonly door: Door
  /** The concrete topic, `PUT /api/…`, or the frame's type. */
  readonly target: string
  /** The declared pattern of the route that won. */
  readonly route: string
  readonly params: Params
  /** Parsed once; replaced by its validated form before the handler runs. */
  payload: Payload
  /** Query parameters (HTTP), validated like the payload. */
  query: Readonly<Record<string, unknown>>
  /** MQTT 5 user properties or HTTP headers, names in lower case. */
  readonly meta: Readonly<Record<string, string>>
  /** What the door itself knows of the sender: client id, address or connection. */
  readonly peer: string
  /** Set by `authenticate`; `null` until then. */
  principal: Principal | null
  readonly receivedAt: number
  /** An MQTT message that the broker kept and replayed at subscription. */
  readonly retained: boolean
  readonly packet: PacketMark | null
  readonly log: Logger
}

const EVERY_ROLE = ['admin', 'super_admin']
const EVERY_SCOPE: readonly Scope[] = ['publish', 'read', 'operate', 'admin']
const NO_GROUP: readonly string[] = []

/** Roles that see and do everything; used where authentication is off. */
export function everybody(id: string): Principal {
  return {
    id,
    tenant: '',
    roles: EVERY_ROLE,
    groups: NO_GROUP,
    scopes: EVERY_SCOPE,
    topics: null,
    channels: null,
    expiresAt: null,
    via: 'none',
  }
}
