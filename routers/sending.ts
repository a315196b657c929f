import type { DeliveryController } from '../controllers/delivery-controller.ts'
import { EventBody, type EventController } from '../controllers/event-controller.ts'
import type { RehearsalController } from '../controllers/rehearsal-controller.ts'
import type { SendController } from '../controllers/send-controller.ts'
import { BroadcastBody, SendBody, TestBody } from '../controllers/send-fields.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly send: SendController
  readonly events: EventController
  readonly deliveries: DeliveryController
  readonly rehearsal: RehearsalController
}

/** What is said and to whom, under `/api`: notifications, broadcasts, events. */
export function sendRoutes(api: HttpGroup<'/api'>, controllers: Controllers): void {
  const { send, events, deliveries, rehearsal } = controllers
  const publish = { tags: ['send'], scope: 'publish' } as const
  api.on(
    'POST',
    '/notifications',
    {
      ...publish,
      body: SendBody,
      status: 202,
      summary: 'Send to people, groups, roles, everybody or bare addresses',
    },
    send.send,
  )
  api.on(
    'POST',
    '/notifications/dry-run',
    {
      ...publish,
      body: SendBody,
      summary: 'What would become of a message: every gate, every channel. Nothing is sent',
    },
    rehearsal.dryRun,
  )
  api.on(
    'POST',
    '/broadcast',
    {
      ...publish,
      body: BroadcastBody,
      status: 202,
      summary: 'Send to everybody, or to roles and groups',
    },
    send.broadcast,
  )
  api.on(
    'GET',
    '/broadcasts/{id}',
    { tags: ['send'], scope: 'read', summary: 'How far a broadcast has come' },
    send.progress,
  )
  api.on(
    'POST',
    '/test',
    { ...publish, body: TestBody, status: 202, summary: 'Send a test notification to yourself' },
    send.test,
  )
  api.on(
    'POST',
    '/events',
    { ...publish, body: EventBody, status: 202, summary: 'Log an event' },
    events.publish,
  )
  api.on(
    'POST',
    '/deliveries/{id}/cancel',
    { ...publish, summary: 'Take back what has not gone out' },
    deliveries.cancel,
  )
}
