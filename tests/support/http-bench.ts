import type { Context } from '../../src/context.ts'
import { HttpRouter } from '../../src/http/http-router.ts'
import { HttpServer, type HttpServerParts, type HttpSettings } from '../../src/http/http-server.ts'
import type { Middleware } from '../../src/pipeline.ts'
import { systemClock } from '../../src/support/clock.ts'
import { Unauthenticated } from '../../src/support/errors.ts'
import { createLogger } from '../../src/support/logger.ts'
import { Metrics } from '../../src/support/metrics.ts'
import { makePrincipal } from './make-context.ts'

/** `Bearer <scopes>` is somebody with these scopes: `Bearer read,publish`. */
export const byScopes: Middleware<Context> = async (context, next) => {
  const words = /^Bearer (.+)$/.exec(context.meta.authorization ?? '')?.[1]
  if (words === undefined) throw new Unauthenticated('Say who you are.')
  const scopes = words.split(',') as ('publish' | 'read' | 'operate' | 'admin')[]
  context.principal = makePrincipal({ scopes })
  return next()
}

export interface HttpBench {
  readonly server: HttpServer
  readonly url: string
  readonly logged: readonly string[]
  readonly metrics: Metrics
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Posts JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  stop(): Promise<void>
}

/** A real server on a free loopback port, with the routes that a test declares. */
export async function startHttpBench(
  declare: (router: HttpRouter) => void = () => {},
  given: Partial<Omit<HttpServerParts, 'settings'>> & {
    readonly settings?: Partial<HttpSettings>
    readonly prepare?: (server: HttpServer) => void
  } = {},
): Promise<HttpBench> {
  const { settings, prepare, ...parts } = given
  const router = new HttpRouter()
  declare(router)
  const logged: string[] = []
  const metrics = new Metrics()
  const server = new HttpServer({
    ...{ router, metrics, checks: [], identify: byScopes, clock: systemClock },
    info: { title: 'Belfry', version: '1.2.3', description: 'For tests.' },
    log: createLogger('info', { write: (line) => logged.push(line) }),
    ...parts,
    settings: {
      ...{ host: '127.0.0.1', port: 0, trustProxy: false, publicUrl: null },
      ...{ origins: 'same', metricsPort: null },
      ...settings,
    },
  })
  prepare?.(server)
  await server.start()
  const url = `http://127.0.0.1:${server.port}`
  return {
    ...{ server, url, logged, metrics },
    fetch: (path, init) => fetch(url + path, init),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    stop: () => server.stop(500),
  }
}
