import {
  ConnectPayload,
  DisconnectPayload,
  DrainPayload,
  type SessionController,
  SessionPayload,
} from '../controllers/session-controller.ts'
import type { RouteMiddleware, Router } from '../src/index.ts'

/** Sessions of devices that have MQTT and no socket: they drain their queue by topic. */
export function websocketRoutes(parts: {
  readonly router: Router
  readonly middleware: readonly RouteMiddleware[]
  readonly sessions: SessionController
}): void {
  const { router, middleware, sessions } = parts
  router.group('websocket', middleware, (group) => {
    group.on('connect/{user_id}', { qos: 1, payload: ConnectPayload }, sessions.connect)
    group.on('disconnect/{user_id}', { qos: 1, payload: DisconnectPayload }, sessions.disconnect)
    group.on('heartbeat/{user_id}', { qos: 0, payload: SessionPayload }, sessions.heartbeat)
    group.on('drain/{user_id}', { qos: 1, payload: DrainPayload }, sessions.drain)
  })
}
