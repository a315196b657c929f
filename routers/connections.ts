import {
  type ConnectionController,
  ConnectionQuery,
  ConnectionsQuery,
} from '../controllers/connection-controller.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly connections: ConnectionController
}

/** Who is connected in realtime, by whatever protocol. */
export function connectionRoutes({ router, authenticate, rateLimit, connections }: Parts): void {
  const operate = { tags: ['realtime'], scope: 'operate' } as const
  router.group('/api', [authenticate, rateLimit], (api) => {
    const list = { ...operate, query: ConnectionsQuery, summary: 'Realtime clients and sessions' }
    api.on('GET', '/connections', list, connections.list)
    const close = { ...operate, query: ConnectionQuery, summary: 'End a session, or a client' }
    api.on('DELETE', '/connections/{id}', close, connections.close)
  })
}
