import {
  type BroadcastingController,
  ChannelAuthBody,
  UserAuthBody,
} from '../controllers/broadcasting-controller.ts'
import {
  BatchBody,
  ChannelParams,
  ChannelQuery,
  ChannelsQuery,
  EventBody,
  type PusherController,
  UserEventBody,
  UserParams,
} from '../controllers/pusher-controller.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  /** Lets only the application's own back ends pass. */
  readonly signature: Middleware<Context>
  readonly broadcasting: BroadcastingController
  readonly pusher: PusherController
}

/** What Pusher clients and the servers behind them ask for over HTTP. */
export function broadcastingRoutes(parts: Parts): void {
  authRoutes(parts)
  appRoutes(parts)
}

function authRoutes({ router, authenticate, broadcasting }: Parts): void {
  const own = { tags: ['broadcasting'], scope: 'read' } as const
  router.group('/broadcasting', [authenticate], (group) => {
    group.on(
      'POST',
      '/auth',
      { ...own, body: ChannelAuthBody, summary: 'Let a socket onto a private or presence channel' },
      broadcasting.authorize,
    )
    group.on(
      'GET',
      '/auth',
      { ...own, query: ChannelAuthBody, hidden: true, summary: 'The same with GET' },
      broadcasting.authorizeByQuery,
    )
    group.on(
      'POST',
      '/user-auth',
      { ...own, body: UserAuthBody, summary: 'Sign a socket in as its user' },
      broadcasting.signIn,
    )
  })
}

function appRoutes({ router, signature, pusher }: Parts): void {
  const app = { tags: ['pusher'] } as const
  router.group('/apps/{app_id}', [signature], (group) => {
    group.on(
      'POST',
      '/events',
      { ...app, body: EventBody, summary: 'Send an event to up to 100 channels' },
      pusher.event,
    )
    group.on(
      'POST',
      '/batch_events',
      { ...app, body: BatchBody, summary: 'Send up to 10 events' },
      pusher.batch,
    )
    group.on(
      'GET',
      '/channels',
      { ...app, query: ChannelsQuery, summary: 'Channels that somebody is on' },
      pusher.channels,
    )
    const channel = { ...app, params: ChannelParams }
    group.on(
      'GET',
      '/channels/{channel}',
      { ...channel, query: ChannelQuery, summary: 'Whether somebody is on a channel' },
      pusher.channel,
    )
    group.on(
      'GET',
      '/channels/{channel}/users',
      { ...channel, summary: 'Who is on a presence channel' },
      pusher.users,
    )
    const user = { ...app, params: UserParams }
    group.on(
      'POST',
      '/users/{user}/terminate_connections',
      { ...user, summary: 'Close all connections of a user' },
      pusher.terminate,
    )
    group.on(
      'POST',
      '/users/{user}/events',
      { ...user, body: UserEventBody, summary: 'Send an event to one signed-in user' },
      pusher.userEvent,
    )
  })
}
