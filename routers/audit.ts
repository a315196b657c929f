import {
  type AuditController,
  AuditExportQuery,
  AuditQuery,
} from '../controllers/audit-controller.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

/** Who did what, to be read and taken elsewhere. */
export function auditRoutes(parts: {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly audit: AuditController
}): void {
  const { router, authenticate, rateLimit, audit } = parts
  const spec = { tags: ['operations'], scope: 'admin' } as const
  router.group('/api/audit', [authenticate, rateLimit], (group) => {
    group.on(
      'GET',
      '',
      { ...spec, query: AuditQuery, summary: 'Who did what, newest first' },
      audit.list,
    )
    group.on(
      'GET',
      '/export',
      { ...spec, query: AuditExportQuery, summary: 'The same as JSON lines, all of it' },
      audit.export,
    )
  })
}
