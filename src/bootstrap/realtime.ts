import type { AccessService } from '../../services/access-service.ts'
import { ACTIVITY_CHANNEL } from '../../services/activity.ts'
import type { Tickets } from '../../services/tickets.ts'
import type { Config } from '../config.ts'
import type { Principal } from '../context.ts'
import type { Application, Authenticate } from '../gateway/application.ts'
import { FrameLimit } from '../gateway/frame-limit.ts'
import { Gateway } from '../gateway/gateway.ts'
import { NativeDoor } from '../gateway/native-door.ts'
import { clientAddress } from '../http/client-address.ts'
import type { HttpServer } from '../http/http-server.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Services } from './services.ts'

interface Parts {
  readonly config: Config
  readonly http: HttpServer
  readonly services: Services
  readonly access: AccessService
  readonly tickets: Tickets
  readonly store: Store
  readonly keys: Keys
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
}

/** Opens the realtime doors on the HTTP port. Returns the gateway and the way to close it. */
export function createRealtime(parts: Parts) {
  const { config, http, store, clock, bus, log } = parts
  const application = applicationOf(parts)
  const gateway = new Gateway({ store, bus, clock, log, applicationOf: () => application })
  const native = new NativeDoor({
    gateway,
    authenticate: authenticator(parts),
    origins: config.http.origins,
    addressOf: ({ request }) => clientAddress(request, config.http.trustProxy),
    log,
    compression: true,
  })
  http.onUpgrade('/ws', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!native.door({ request, socket, head, url })) socket.destroy()
  })
  const stop = async (withinMs: number) => {
    native.stop()
    await gateway.stop(withinMs)
  }
  return { gateway, stop }
}

function applicationOf({ services, keys, clock }: Parts): Application {
  const limit = new FrameLimit(clock)
  const { inbox, alertActions, sessions } = services
  return {
    scope: keys.scope,
    sessions,
    inbox: {
      markRead: (user, id) => inbox.markRead(user, id),
      markAllRead: (user) => inbox.markAllRead(user),
      unreadCount: (user) => inbox.unreadCount(user),
      async list(user, { unreadOnly, cursor }) {
        return { ...(await inbox.list(user, { unreadOnly }, 15, cursor)) }
      },
    },
    alerts: { acknowledge: (id, who, note) => alertActions.acknowledge(id, { who, note }) },
    authorizeChannel,
    admit: (principal, frameType) => limit.admit(principal.id, frameType),
  }
}

/** Until applications bring rules of their own: what operators watch is for operators. */
function authorizeChannel(principal: Principal, channel: string): boolean | null {
  const name = channel.replace(/^(private|presence)-/, '')
  if (name === ACTIVITY_CHANNEL || name === 'alerts') return principal.scopes.includes('operate')
  return null
}

function authenticator({ access, tickets }: Parts): Authenticate {
  return async ({ token, ticket, userId }) => {
    if (token !== null) return access.authenticate(token)
    if (ticket !== null) return tickets.redeem(ticket)
    if (userId !== null && access.mode === 'off') return access.claimed(userId)
    return null
  }
}
