import { asBelfryError, type Context, Forbidden, type RouteMiddleware } from '../src/index.ts'

/**
 * `authenticate`, and then whoever is of a tenant goes no further on this route:
 * `serve` finds the tenant's own. What a tenant has no route for is closed to
 * him, whoever declared it. The default tenant passes at the cost of a comparison.
 */
export function byTenant(
  authenticate: RouteMiddleware,
  serve: (tenant: string, context: Context) => Promise<unknown>,
): RouteMiddleware {
  const run: RouteMiddleware = (context, next) =>
    authenticate(context, () => {
      const tenant = context.principal?.tenant ?? ''
      return tenant === '' ? next() : serve(tenant, context)
    })
  Object.defineProperty(run, 'name', { value: authenticate.name })
  return Object.assign(run, { explain: (context: Context) => explain(authenticate, context) })
}

async function explain(authenticate: RouteMiddleware, context: Context) {
  const verdict = await authenticate.explain?.(context)
  if (verdict === undefined) return { outcome: 'unknown' } as const
  if (verdict.outcome !== 'pass' || (context.principal?.tenant ?? '') === '') return verdict
  const { code, message: reason } = asBelfryError(
    new Forbidden('A tenant tries his own routes: show his credential, not yours.'),
  )
  return { outcome: 'refuse', code, reason } as const
}
