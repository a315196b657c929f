import {
  AlertActionPayload,
  type AlertController,
  AlertPayload,
} from '../controllers/alert-controller.ts'
import type { DeliveryController } from '../controllers/delivery-controller.ts'
import {
  EmailBatchPayload,
  type EmailController,
  EmailPayload,
} from '../controllers/email-controller.ts'
import { type InboxController, InboxReadPayload } from '../controllers/inbox-controller.ts'
import { BroadcastPayload, MessagePayload } from '../controllers/message-fields.ts'
import type { NotificationController } from '../controllers/notification-controller.ts'
import { type PushController, PushPayload } from '../controllers/push-controller.ts'
import { type SmsController, SmsPayload } from '../controllers/sms-controller.ts'
import {
  MaintenancePayload,
  StatusPayload,
  type SystemController,
} from '../controllers/system-controller.ts'
import type { RouteMiddleware, Router } from '../src/index.ts'

interface Parts {
  readonly router: Router
  /** authenticate → rate limit → filter; who publishes needs the scope for it too. */
  readonly middleware: readonly RouteMiddleware[]
  readonly mayPublish: RouteMiddleware
  readonly notifications: NotificationController
  readonly alerts: AlertController
  readonly system: SystemController
  readonly email: EmailController
  readonly sms: SmsController
  readonly push: PushController
  readonly inbox: InboxController
  readonly deliveries: DeliveryController
}

/** Everything that a device or a service may publish under `notifications/`. */
export function notificationRoutes(parts: Parts): void {
  const { router, middleware, notifications, alerts, system, email, sms, push, inbox } = parts
  const message = { qos: 1, payload: MessagePayload, text: true } as const
  const alert = { payload: AlertPayload, text: true } as const

  router.group('notifications/inbox', middleware, (group) => {
    group.on('read/{user_id}', { qos: 1, payload: InboxReadPayload }, inbox.markRead)
  })

  router.group('notifications', [...middleware, parts.mayPublish], (group) => {
    group.on('realtime/user/{user_id}', message, notifications.sendToUser)
    group.on('realtime/group/{group_id}', message, notifications.sendToGroup)
    group.on(
      'realtime/broadcast',
      { qos: 1, payload: BroadcastPayload, text: true },
      notifications.broadcast,
    )

    group.on(
      'alerts/critical/{alert_type}',
      { ...alert, qos: 2, explain: alerts.explain('critical') },
      alerts.handle('critical'),
    )
    group.on(
      'alerts/warning/{alert_type}',
      { ...alert, qos: 1, explain: alerts.explain('warning') },
      alerts.handle('warning'),
    )
    group.on(
      'alerts/info/{alert_type}',
      { ...alert, qos: 0, explain: alerts.explain('info') },
      alerts.handle('info'),
    )
    group.on(
      'alerts/ack/{alert_id}',
      { qos: 1, payload: AlertActionPayload, text: true },
      alerts.acknowledge,
    )
    group.on(
      'alerts/resolve/{alert_id}',
      { qos: 1, payload: AlertActionPayload, text: true },
      alerts.resolve,
    )

    group.on('system/status', { qos: 1, payload: StatusPayload }, system.updateStatus)
    group.on(
      'system/maintenance',
      { qos: 2, payload: MaintenancePayload },
      system.announceMaintenance,
    )

    group.on(
      'email/send',
      { qos: 2, payload: EmailPayload, shared: true, workerCount: 3 },
      email.send,
    )
    group.on('email/batch', { qos: 2, payload: EmailBatchPayload, shared: true }, email.sendBatch)
    group.on('sms/send', { qos: 2, payload: SmsPayload, shared: true }, sms.send)
    group.on('push/mobile/{platform}', { qos: 1, payload: PushPayload }, push.send)

    group.on('deliveries/cancel/{id}', { qos: 1 }, parts.deliveries.cancel)
  })
}
