import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Middleware } from '../pipeline.ts'
import { demandScope } from '../scopes.ts'
import type { Metrics } from '../support/metrics.ts'
import type { HealthChecks } from './health-checks.ts'
import { HttpReply } from './http-reply.ts'
import type { HttpRouter } from './http-router.ts'
import { queryFlag } from './list.ts'
import { isLoopbackAddress } from './loopback.ts'

interface Parts {
  readonly router: HttpRouter
  readonly checks: HealthChecks
  /** `null`: they are served on a port of their own. */
  readonly metrics: Metrics | null
  /** Finds out who asks for metrics from elsewhere. */
  readonly identify: Middleware<Context>
}

const Verbose = z.object({ verbose: queryFlag().optional() })

/** What watches over the process ask. */
export function healthRoutes({ router, checks, metrics, identify }: Parts): void {
  const tags = ['health']
  router.on('GET', '/livez', { summary: 'Whether the process is up', tags }, async () => ({
    status: 'live',
  }))
  router.on(
    'GET',
    '/readyz',
    { summary: 'Whether what this process needs is there', tags, query: Verbose },
    async ({ query }) => {
      const { ready, results } = await checks.run()
      const failed = results.filter(({ ok, advisory }) => !ok && !advisory).map(({ name }) => name)
      const status = ready ? 'ready' : 'not_ready'
      const body = query.verbose ? { status, failed, checks: results } : { status, failed }
      return new HttpReply(ready ? 200 : 503, body)
    },
  )
  router.on('GET', '/health', { summary: 'Both, with latencies', tags }, async () => {
    const { ready, results } = await checks.run()
    const body = { status: ready ? 'healthy' : 'unhealthy', live: true, ready, checks: results }
    return new HttpReply(ready ? 200 : 503, body)
  })
  if (metrics === null) return
  const guard: Middleware<Context> = async (context, next) => {
    if (isLocal(context)) return next()
    await identify(context, async () => demandScope(context, 'read'))
    return next()
  }
  router.group('', [guard], (group) => {
    group.on('GET', '/metrics', { summary: 'Metrics for Prometheus', tags }, async () =>
      HttpReply.text(await metrics.render(), metrics.contentType),
    )
  })
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

/** Whether a request comes from this machine itself, and not through a proxy on it. */
function isLocal({ peer, meta }: Context): boolean {
  return isLoopbackAddress(peer) && FORWARDED.every((name) => meta[name] === undefined)
}
