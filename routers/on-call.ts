import { AlertRoutesBody } from '../controllers/alert-route-fields.ts'
import type { OnCallController } from '../controllers/on-call-controller.ts'
import {
  ContactBody,
  ContactCodeBody,
  NotificationRulesBody,
  OnCallQuery,
  OverrideBody,
  PolicyBody,
  ScheduleBody,
  ShiftsQuery,
} from '../controllers/schedule-fields.ts'
import type { Context, HttpGroup, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
  readonly onCall: OnCallController
}

const operate = { tags: ['alerts'], scope: 'operate' } as const
const created = { ...operate, status: 201 } as const

/** Who is told of alerts: `/api/oncall`, `/api/escalation-policies`, `/api/alert-routes`, `/api/schedules`. */
export function onCallRoutes({ router, onCall, ...hallway }: Parts): void {
  const { authenticate, rateLimit, idempotency } = hallway
  router.group('/api', [authenticate, rateLimit, idempotency], (api) => {
    api.on(
      'GET',
      '/oncall',
      { ...operate, query: OnCallQuery, summary: 'Who is on call, now or at a moment' },
      onCall.onCall,
    )
    personalRoutes(api, onCall)
    policyRoutes(api, onCall)
    alertRoutes(api, onCall)
    scheduleRoutes(api, onCall)
  })
}

function personalRoutes(api: HttpGroup<'/api'>, onCall: OnCallController): void {
  const path = '/users/{id}/notification-rules'
  const own = { tags: ['people'], scope: 'read' } as const
  api.on('GET', path, { ...own, summary: 'How a user hears of alerts' }, onCall.notificationRules)
  const summary = 'Say how a user hears of alerts, and after how long'
  const save = { ...own, body: NotificationRulesBody, summary } as const
  api.on('PUT', path, save, onCall.saveNotificationRules)
  const methods = '/users/{id}/contact-methods'
  api.on(
    'GET',
    methods,
    { ...own, summary: 'Which addresses of a user are proved to be his' },
    onCall.contactMethods,
  )
  const ask = { ...own, status: 202, body: ContactBody, summary: 'Send a code to it' } as const
  api.on('POST', methods, ask, onCall.sendCode)
  const prove = { ...own, body: ContactCodeBody, summary: 'Type the code back' } as const
  api.on('POST', `${methods}/verify`, prove, onCall.verifyContact)
}

function policyRoutes(api: HttpGroup<'/api'>, onCall: OnCallController): void {
  const [all, one] = ['/escalation-policies', '/escalation-policies/{id}'] as const
  api.on('GET', all, { ...operate, summary: 'Escalation policies' }, onCall.policies)
  const make = { ...created, body: PolicyBody, summary: 'A new escalation policy' } as const
  api.on('POST', all, make, onCall.createPolicy)
  api.on('GET', one, { ...operate, summary: 'One escalation policy' }, onCall.policy)
  const save = { ...operate, body: PolicyBody, summary: 'Replace an escalation policy' } as const
  api.on('PUT', one, save, onCall.savePolicy)
  api.on('DELETE', one, { ...operate, summary: 'Delete an escalation policy' }, onCall.removePolicy)
}

function alertRoutes(api: HttpGroup<'/api'>, onCall: OnCallController): void {
  const path = '/alert-routes'
  api.on('GET', path, { ...operate, summary: 'Which alerts go by which policy' }, onCall.routes)
  const save = {
    ...operate,
    body: AlertRoutesBody,
    summary: 'Replace the routes of alerts',
  } as const
  api.on('PUT', path, save, onCall.saveRoutes)
}

function scheduleRoutes(api: HttpGroup<'/api'>, onCall: OnCallController): void {
  const [all, one] = ['/schedules', '/schedules/{id}'] as const
  api.on('GET', all, { ...operate, summary: 'On-call schedules' }, onCall.schedules)
  const make = { ...created, body: ScheduleBody, summary: 'A new schedule' } as const
  api.on('POST', all, make, onCall.createSchedule)
  api.on('GET', one, { ...operate, summary: 'One schedule' }, onCall.schedule)
  api.on(
    'GET',
    `${one}/shifts`,
    { ...operate, query: ShiftsQuery, summary: 'Who is on call when, overrides included' },
    onCall.shifts,
  )
  const save = { ...operate, body: ScheduleBody, summary: 'Replace a schedule' } as const
  api.on('PUT', one, save, onCall.saveSchedule)
  api.on('DELETE', one, { ...operate, summary: 'Delete a schedule' }, onCall.removeSchedule)
  const override = { ...created, body: OverrideBody, summary: 'Override it for a while' } as const
  api.on('POST', `${one}/overrides`, override, onCall.addOverride)
  api.on(
    'DELETE',
    `${one}/overrides/{override_id}`,
    { ...operate, summary: 'Take an override back' },
    onCall.removeOverride,
  )
}
