import {
  type BroadcastController,
  LogQuery,
  StatusQuery,
  TestBroadcastBody,
} from '../controllers/broadcast-controller.ts'
import {
  ApprovalBody,
  ComplianceBody,
  GeneralBody,
  LargeDonationBody,
  MaintenanceNewsBody,
  MilestoneBody,
  PaymentFailedBody,
  ProgressBody,
  SecurityAlertBody,
} from '../controllers/broadcast-fields.ts'
import type { Context, HttpGroup, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
  readonly broadcasts: BroadcastController
}

type Api = HttpGroup<'/api/broadcasting'>

const operate = { tags: ['broadcasting'], scope: 'operate' } as const
const publish = { tags: ['broadcasting'], scope: 'publish', status: 202 } as const

/** The named broadcasts of seed 002, and how broadcasting stands. */
export function broadcastRoutes({ router, broadcasts, ...hallway }: Parts): void {
  const { authenticate, rateLimit, idempotency } = hallway
  router.group('/api/broadcasting', [authenticate, rateLimit, idempotency], (api) => {
    moneyRoutes(api, broadcasts)
    systemRoutes(api, broadcasts)
    operatorRoutes(api, broadcasts)
  })
}

function moneyRoutes(api: Api, broadcasts: BroadcastController): void {
  api.on(
    'POST',
    '/large-donation',
    { ...publish, body: LargeDonationBody, summary: 'Broadcast a large donation' },
    broadcasts.largeDonation,
  )
  api.on(
    'POST',
    '/payment-failed',
    { ...publish, body: PaymentFailedBody, summary: 'Broadcast a failed payment' },
    broadcasts.paymentFailed,
  )
  api.on(
    'POST',
    '/campaign-milestone',
    { ...publish, body: MilestoneBody, summary: 'Broadcast a milestone of a campaign' },
    broadcasts.milestone,
  )
  api.on(
    'POST',
    '/campaign-progress',
    { ...publish, body: ProgressBody, summary: 'Show how far a campaign has come' },
    broadcasts.progress,
  )
  api.on(
    'POST',
    '/approval-needed',
    { ...publish, body: ApprovalBody, summary: 'Broadcast that a campaign waits for approval' },
    broadcasts.approvalNeeded,
  )
}

function systemRoutes(api: Api, broadcasts: BroadcastController): void {
  api.on(
    'POST',
    '/security-alert',
    { ...publish, body: SecurityAlertBody, summary: 'Broadcast a security alert' },
    broadcasts.securityAlert,
  )
  api.on(
    'POST',
    '/maintenance',
    { ...publish, body: MaintenanceNewsBody, summary: 'Announce a maintenance' },
    broadcasts.maintenance,
  )
  api.on(
    'POST',
    '/compliance',
    { ...publish, body: ComplianceBody, summary: 'Broadcast a compliance issue' },
    broadcasts.compliance,
  )
  api.on(
    'POST',
    '/general',
    { ...publish, body: GeneralBody, summary: 'Tell one person, a role, or the dashboard' },
    broadcasts.general,
  )
}

function operatorRoutes(api: Api, broadcasts: BroadcastController): void {
  api.on(
    'GET',
    '/status',
    { ...operate, query: StatusQuery, summary: 'Drivers, queues, channels; verify tries them' },
    broadcasts.status,
  )
  api.on(
    'GET',
    '/log',
    { ...operate, query: LogQuery, summary: 'Named broadcasts, newest first: the audit trail' },
    broadcasts.log,
  )
  api.on(
    'POST',
    '/test',
    { ...operate, status: 202, body: TestBroadcastBody, summary: 'Broadcast samples' },
    broadcasts.test,
  )
}
