import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Middleware } from '../pipeline.ts'
import type { Clock } from '../support/clock.ts'
import { Forbidden, NoRoute } from '../support/errors.ts'
import { listenError } from '../support/listen-error.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import { AnsweredPaths } from './answered-paths.ts'
import { registerDocs } from './docs.ts'
import { createFastify, registerGuards, type TrustProxy } from './fastify-app.ts'
import { type HealthCheck, HealthChecks } from './health-checks.ts'
import { healthRoutes } from './health-routes.ts'
import type { HttpMethod } from './http-route.ts'
import type { HttpRouter } from './http-router.ts'
import { MetricsServer } from './metrics-server.ts'
import { type ApiInfo, openApiOf } from './openapi.ts'
import { Origins } from './origins.ts'
import { type HttpRefusal, RequestRun, sendReply } from './request-run.ts'
import { StaticFiles } from './static-files.ts'
import { type UpgradeHandler, Upgrades } from './upgrades.ts'

/** Connections that may wait to be accepted: everybody comes back at once after a restart. */
const BACKLOG = 8192

const DOCUMENTATION = ['/docs', '/openapi.json']

export interface HttpSettings {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly trustProxy: TrustProxy
  readonly publicUrl: string | null
  readonly origins: 'loopback' | 'same' | readonly string[]
  /** `null`: `/metrics` is served here. */
  readonly metricsPort: number | null
}

export interface HttpServerParts {
  /** Its table is taken over at `start()`. */
  readonly router: HttpRouter
  readonly settings: HttpSettings
  readonly info: ApiInfo
  readonly metrics: Metrics
  readonly checks: readonly HealthCheck[]
  /** Finds out who is calling; for `/metrics`, where it is not asked for from this machine. */
  readonly identify: Middleware<Context>
  readonly clock: Clock
  readonly log: Logger
  /** Told of every write of a known caller that was turned away for good. */
  readonly onRefused?: (refusal: HttpRefusal) => void
}

/** Answers a request without our pipeline: event streams and the like. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void

/** The one HTTP port: API, health, documentation, dashboard, and whatever upgrades from it. */
export class HttpServer {
  readonly origins: Origins
  readonly #app: FastifyInstance
  readonly #parts: HttpServerParts
  readonly #upgrades: Upgrades
  readonly #checks: HealthChecks
  readonly #run: RequestRun
  readonly #metricsServer: MetricsServer | null
  readonly #raw = new Set<string>()
  #files: StaticFiles | null = null
  #isStopping = false

  constructor(parts: HttpServerParts) {
    const { settings, metrics, clock, checks } = parts
    this.#parts = parts
    this.#app = createFastify(settings.trustProxy)
    this.origins = new Origins(settings)
    this.#upgrades = new Upgrades(this.nodeServer, this.origins)
    this.#checks = new HealthChecks(checks, clock)
    this.#run = new RequestRun(parts)
    const { host, metricsPort: port } = settings
    this.#metricsServer = port === null ? null : new MetricsServer({ metrics, host, port })
    const here = port === null ? metrics : null
    healthRoutes({ ...parts, checks: this.#checks, metrics: here })
  }

  /** For those who attach themselves (Socket.IO); they leave foreign upgrades alone. */
  get nodeServer(): Server {
    return this.#app.server
  }

  /** The port that we really listen on; 0: somebody else listens for us. */
  get port(): number {
    return (this.nodeServer.address() as AddressInfo | null)?.port ?? 0
  }

  /** The port of `METRICS_PORT`; `null` without one. */
  get metricsPort(): number | null {
    return this.#metricsServer?.port ?? null
  }

  /** Gives upgrades below a path to `handler`, after the check of the origin. */
  onUpgrade(pathPrefix: string, handler: UpgradeHandler): void {
    this.#upgrades.on(pathPrefix, handler)
  }

  /** Gives requests to exactly this path to `handler`, after the checks of host and origin. */
  onRaw(method: HttpMethod, path: string, handler: RawHandler): void {
    this.#raw.add(path)
    this.#app.route({
      method,
      url: path,
      // Before the body is read: it is the handler's.
      onRequest: async (request, reply) => {
        // Headers such as those of CORS were set on the reply, which is not sent any more.
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) reply.raw.setHeader(name, value)
        }
        reply.hijack()
        handler(request.raw, reply.raw)
      },
      handler: async () => {},
    })
  }

  /** Serves a folder's files at `/`, where no route is. */
  serveFiles(directory: string): void {
    this.#files = new StaticFiles(directory)
  }

  /** Listens. Throws an error that names the port and its variable when it is taken. */
  async start(): Promise<void> {
    const { host, port } = this.#parts.settings
    await this.#assemble()
    try {
      await this.#app.listen({ host, port, backlog: BACKLOG })
    } catch (error) {
      throw listenError(error, { host, port, variable: 'HTTP_PORT' })
    }
    try {
      await this.#metricsServer?.start()
    } catch (error) {
      await this.#app.close()
      throw error
    }
  }

  /** The paths that have an answer here; files at `/` do not count. */
  get paths(): AnsweredPaths {
    const patterns = this.#parts.router.table.map(({ path }) => path)
    const prefixes = [...this.#raw, ...this.#upgrades.prefixes, ...DOCUMENTATION]
    return new AnsweredPaths(patterns, prefixes)
  }

  /** Makes ready to answer what another server hands on to `nodeServer`, without listening. */
  async startAttached(): Promise<void> {
    await this.#assemble()
    await this.#app.ready()
    await this.#metricsServer?.start()
  }

  /** From now on `/readyz` says no, and no upgrades are taken. */
  drain(): void {
    this.#checks.stop()
    this.#upgrades.close()
  }

  /** Ends when the requests at work are answered, or after `withinMs`, when all is cut. */
  async stop(withinMs: number): Promise<void> {
    this.drain()
    this.#isStopping = true
    const cancel = this.#parts.clock.after(withinMs, () => {
      this.#upgrades.destroy()
      this.nodeServer.closeAllConnections()
    })
    try {
      const closed = this.#app.close()
      this.nodeServer.closeIdleConnections()
      await Promise.all([closed, this.#metricsServer?.stop()])
    } finally {
      cancel()
    }
  }

  async #assemble(): Promise<void> {
    const app = this.#app
    const { router, settings, info } = this.#parts
    const isSecure = settings.publicUrl?.startsWith('https:') === true
    app.addHook('onRequest', async (request, reply) => {
      void reply.header('x-request-id', request.id)
    })
    // A connection that is kept alive would hold up the stop until its deadline.
    app.addHook('onSend', async (_request, reply) => {
      if (this.#isStopping) void reply.header('connection', 'close')
    })
    app.addHook('onResponse', async (request, reply) => this.#observe(request, reply))
    app.setErrorHandler((error, request, reply) => this.#run.fail(error, request, reply))
    app.setNotFoundHandler((request, reply) => this.#elsewhere(request, reply))
    await registerGuards(app, { origins: this.origins, isSecure })
    // After the guards, so that this refusal has their headers too.
    app.addHook('onRequest', async (request) => this.#assertOrigin(request))
    const document = openApiOf(router.table, info)
    for (const route of router.table) {
      app.route({
        method: route.method,
        url: route.path.replace(/\{(\w+)\}/g, ':$1'),
        handler: (request, reply) => this.#run.handle(route, request, reply),
      })
    }
    await registerDocs(app, document)
  }

  #observe(request: FastifyRequest, reply: { statusCode: number; elapsedTime: number }): void {
    const { method, routeOptions } = request
    const route = routeOptions.url ?? 'none'
    const labels = { method, route, status: String(reply.statusCode) }
    this.#parts.metrics.httpSeconds.observe(labels, reply.elapsedTime / 1000)
  }

  /** Browsers send writes of foreign pages (forms) without asking CORS first. */
  #assertOrigin({ method, headers }: FastifyRequest): void {
    if (!this.origins.knowsHost(headers)) {
      throw new Forbidden('This host name is not ours; set BELFRY_PUBLIC_URL if it should be.')
    }
    const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
    if (reads || this.origins.allows(headers)) return
    throw new Forbidden(
      'Pages of this origin may not do that; BELFRY_ORIGINS names those that may.',
    )
  }

  /** What no route takes: a file, or nothing. */
  #elsewhere(request: FastifyRequest, reply: Parameters<typeof sendReply>[0]) {
    const path = request.url.split('?', 1)[0]!
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const file = reads ? this.#files?.find(decoded(path), request.headers['if-none-match']) : null
    if (file) return sendReply(reply, file)
    const shown = `${request.method} ${path.slice(0, 256)}`
    return this.#run.fail(new NoRoute(`There is nothing at ${shown}.`), request, reply)
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return '' // Not a path of ours: no file has this name.
  }
}
