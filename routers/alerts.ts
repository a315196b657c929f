import {
  AlertActionPayload,
  AlertBody,
  type AlertController,
  AlertSnoozeBody,
  AlertsQuery,
} from '../controllers/alert-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly alerts: AlertController
}

/** What must be acknowledged, under `/api/alerts`. */
export function alertRoutes(api: HttpGroup<'/api'>, { alerts }: Controllers): void {
  const operate = { tags: ['alerts'], scope: 'operate' } as const
  const action = { ...operate, body: AlertActionPayload } as const
  api.on(
    'GET',
    '/alerts',
    { ...operate, query: AlertsQuery, summary: 'Open alerts, or those of a status' },
    alerts.list,
  )
  api.on(
    'POST',
    '/alerts',
    {
      tags: ['alerts'],
      scope: 'publish',
      body: AlertBody,
      status: 202,
      summary: 'Raise, acknowledge or resolve an alert',
    },
    alerts.report,
  )
  api.on('GET', '/alerts/{alert_id}', { ...operate, summary: 'An alert with its log' }, alerts.find)
  api.on(
    'POST',
    '/alerts/{alert_id}/ack',
    { ...action, summary: 'Acknowledge' },
    alerts.acknowledge,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/unack',
    { ...action, summary: 'Take the acknowledgement back' },
    alerts.unacknowledge,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/snooze',
    { ...operate, body: AlertSnoozeBody, summary: 'Be quiet until a moment or for a time' },
    alerts.snooze,
  )
  api.on(
    'POST',
    '/alerts/{alert_id}/escalate',
    { ...action, summary: 'Tell the people of the next step at once' },
    alerts.escalate,
  )
  api.on('POST', '/alerts/{alert_id}/resolve', { ...action, summary: 'Resolve' }, alerts.resolve)
}
