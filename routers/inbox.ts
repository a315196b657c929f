import {
  BulkBody,
  type InboxApiController,
  InboxQuery,
  SnoozeBody,
} from '../controllers/inbox-api-controller.ts'
import type { TraceController } from '../controllers/trace-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly inbox: InboxApiController
  readonly traces: TraceController
}

/** What a user has been told, under `/api/notifications`. */
export function inboxRoutes(api: HttpGroup<'/api'>, { inbox, traces }: Controllers): void {
  const own = { tags: ['inbox'], scope: 'read' } as const
  api.on(
    'GET',
    '/notifications',
    { ...own, query: InboxQuery, summary: 'Your inbox, newest first' },
    inbox.list,
  )
  api.on(
    'PUT',
    '/notifications/mark-all-read',
    { ...own, summary: 'Mark everything as read' },
    inbox.markAllRead,
  )
  api.on(
    'POST',
    '/notifications/bulk',
    { ...own, body: BulkBody, summary: 'Change many at once' },
    inbox.bulk,
  )
  api.on('GET', '/notifications/{id}', { ...own, summary: 'One notification' }, inbox.find)
  api.on(
    'DELETE',
    '/notifications/{id}',
    { ...own, summary: 'Delete a notification' },
    inbox.remove,
  )
  api.on('PUT', '/notifications/{id}/read', { ...own, summary: 'Mark as read' }, inbox.markRead)
  api.on(
    'PUT',
    '/notifications/{id}/unread',
    { ...own, summary: 'Mark as unread' },
    inbox.markUnread,
  )
  api.on('PUT', '/notifications/{id}/archive', { ...own, summary: 'Archive' }, inbox.archive)
  api.on(
    'PUT',
    '/notifications/{id}/snooze',
    { ...own, body: SnoozeBody, summary: 'Hide for a while' },
    inbox.snooze,
  )
  api.on(
    'PUT',
    '/notifications/{id}/unsnooze',
    { ...own, summary: 'Bring back what is hidden, as it was' },
    inbox.unsnooze,
  )
  api.on('PUT', '/notifications/{id}/seen', { ...own, summary: 'Mark as seen' }, inbox.markSeen)
  api.on(
    'PUT',
    '/notifications/{id}/ack',
    { ...own, summary: 'Acknowledge what is repeated until somebody does' },
    inbox.acknowledge,
  )
  api.on(
    'GET',
    '/notifications/{id}/trace',
    { ...own, summary: 'What became of it on every channel, and why' },
    traces.trace,
  )
}
