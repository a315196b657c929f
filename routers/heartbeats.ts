import { type HeartbeatController, MonitorBody } from '../controllers/heartbeat-controller.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
  readonly heartbeats: HeartbeatController
}

const operate = { tags: ['alerts'], scope: 'operate' } as const

/** `/api/heartbeats`: devices whose silence is an alert. */
export function heartbeatRoutes({ router, heartbeats, ...hallway }: Parts): void {
  const { authenticate, rateLimit, idempotency } = hallway
  router.group('/api/heartbeats', [authenticate, rateLimit, idempotency], (api) => {
    api.on('GET', '', { ...operate, summary: 'Heartbeat monitors' }, heartbeats.list)
    const body = MonitorBody
    const make = { ...operate, status: 201, body, summary: 'Watch for the silence of devices' }
    api.on('POST', '', make, heartbeats.create)
    api.on('GET', '/{id}', { ...operate, summary: 'One monitor' }, heartbeats.find)
    api.on('PUT', '/{id}', { ...operate, body, summary: 'Replace a monitor' }, heartbeats.save)
    api.on('DELETE', '/{id}', { ...operate, summary: 'Delete a monitor' }, heartbeats.remove)
  })
}
