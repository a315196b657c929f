import { AlertController } from '../../controllers/alert-controller.ts'
import { DeliveryController } from '../../controllers/delivery-controller.ts'
import { EmailController } from '../../controllers/email-controller.ts'
import { EventController } from '../../controllers/event-controller.ts'
import { InboxController } from '../../controllers/inbox-controller.ts'
import { NotificationController } from '../../controllers/notification-controller.ts'
import { PushController } from '../../controllers/push-controller.ts'
import { SessionController } from '../../controllers/session-controller.ts'
import { SmsController } from '../../controllers/sms-controller.ts'
import { SystemController } from '../../controllers/system-controller.ts'
import { requireScope } from '../../middleware/require-scope.ts'
import { eventRoutes } from '../../routers/events.ts'
import { notificationRoutes } from '../../routers/notifications.ts'
import { websocketRoutes } from '../../routers/websocket.ts'
import type { RouteMiddleware } from '../mqtt/route.ts'
import { Router } from '../mqtt/router.ts'
import type { Services } from './services.ts'

/** The middleware of the MQTT routes: sessions are not limited or filtered, only authenticated. */
export interface TopicMiddleware {
  readonly authenticate: RouteMiddleware
  readonly rateLimit: RouteMiddleware
  readonly filter: RouteMiddleware
}

/** Every topic that is taken, with its controller. */
export function createTopics(services: Services, middleware: TopicMiddleware): Router {
  const router = new Router()
  const { authenticate, rateLimit, filter } = middleware
  const mayPublish = requireScope('publish')
  notificationRoutes({
    router,
    middleware: [authenticate, rateLimit, filter],
    mayPublish,
    notifications: new NotificationController(services),
    alerts: new AlertController(services),
    system: new SystemController(services),
    email: new EmailController(services),
    sms: new SmsController(services),
    push: new PushController(services),
    inbox: new InboxController(services),
    deliveries: new DeliveryController(services),
  })
  websocketRoutes({
    router,
    middleware: [authenticate],
    sessions: new SessionController(services),
  })
  eventRoutes({
    router,
    middleware: [authenticate, mayPublish, rateLimit],
    events: new EventController(services),
  })
  return router
}
