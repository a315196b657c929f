import { everybody, type Principal } from '../context.ts'
import { tenantOfScope } from '../store/keys.ts'
import type { Rooms } from './application.ts'
import type { Feed, FeedProtocol } from './feed.ts'
import type { Places } from './position.ts'
import type { Protocol } from './protocol.ts'
import type { Session } from './session.ts'
import type { Transport, TransportOwner } from './transport.ts'

/** How a client comes in, once it is known who it is. */
export interface Opening {
  readonly principal: Principal
  readonly protocol: Protocol<Session>
  readonly transport: Transport
  /** Resumes this session. */
  readonly sessionId: string | undefined
  readonly acknowledges: boolean
  /** Broadcast channels to join at once. */
  readonly channels: readonly string[]
  /** Which of them the client is put onto again when it comes back. */
  readonly rooms?: Rooms
  /** Where the client stands on those with a history. */
  readonly places?: Places
  /** The client says that it has everything up to this number; `null`: it says nothing. */
  readonly hasUpTo: number | null
  /** Takes over from whoever owned the transport until now. */
  own(owner: TransportOwner): void
}

/** A session whose client is this process itself. */
export function feedOpening(
  { scope, user }: { readonly scope: string; readonly user: string },
  feed: Feed,
  protocol: FeedProtocol,
): Opening {
  const tenant = tenantOfScope(scope)
  return {
    principal: { ...everybody(user), tenant, roles: [], scopes: [] },
    protocol,
    transport: feed,
    sessionId: undefined,
    acknowledges: false,
    channels: [],
    hasUpTo: null,
    own: (owner) => feed.own(owner),
  }
}
