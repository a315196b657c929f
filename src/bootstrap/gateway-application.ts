import type { Application } from '../gateway/application.ts'
import { FrameLimit } from '../gateway/frame-limit.ts'
import type { Keys } from '../store/keys.ts'
import type { Clock } from '../support/clock.ts'
import type { Broadcasting } from './broadcasting.ts'
import { roomsOf } from './rooms-of.ts'
import type { Services } from './services.ts'

interface Parts {
  readonly services: Services
  readonly broadcasting: Pick<Broadcasting, 'access' | 'standing'>
  readonly keys: Keys
  readonly clock: Clock
}

/** What the gateway calls of the services of one tenant. */
export function gatewayApplication({ services, broadcasting, keys, clock }: Parts): Application {
  const limit = new FrameLimit(clock)
  const { inbox, alertActions, sessions } = services
  return {
    scope: keys.scope,
    sessions,
    inbox: {
      markRead: (user, id) => inbox.markRead(user, id),
      markAllRead: (user) => inbox.markAllRead(user),
      unreadCount: (user) => inbox.unreadCount(user),
      markDelivered: (user, ids) => inbox.markDelivered(user, ...ids),
      async list(user, { unreadOnly, cursor }) {
        return { ...(await inbox.list(user, { unreadOnly }, 15, cursor)) }
      },
    },
    alerts: { acknowledge: (id, who, note) => alertActions.acknowledge(id, { who, note }) },
    authorizeChannel: (principal, channel) => broadcasting.access.verdict(principal, channel),
    roomsOf: (principal) => roomsOf(principal, broadcasting),
    admit: (principal, frameType) => limit.admit(principal.id, frameType),
  }
}
