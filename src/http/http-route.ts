import type { ZodType } from 'zod'
import type { Context, Scope } from '../context.ts'
import { compose, type Middleware } from '../pipeline.ts'
import { demandScope } from '../scopes.ts'
import { InvalidPayload } from '../support/errors.ts'
import { isSafeId } from '../support/ids.ts'
import { validate } from '../support/validate.ts'
import type { HttpContext } from './http-context.ts'
import { HttpReply } from './http-reply.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What is said of a route: what it takes, who may call it, and what people read about it. */
export interface HttpRouteSpec<
  Params extends ZodType = ZodType,
  Query extends ZodType = ZodType,
  Body extends ZodType = ZodType,
> {
  /** Without it every parameter must be a safe id (contract §3). */
  readonly params?: Params
  readonly query?: Query
  /** A missing body is validated as `{}`. */
  readonly body?: Body
  /** For the documentation only. */
  readonly response?: ZodType
  /** Of a success. Default: 200. */
  readonly status?: number
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  /** What the caller's credential must allow; none: anybody may call it. */
  readonly scope?: Scope
  /** Leaves it out of the documentation. */
  readonly hidden?: boolean
}

interface HttpRouteParts {
  readonly method: HttpMethod
  /** With parameters as `{name}`. */
  readonly path: string
  readonly spec: HttpRouteSpec
  readonly middleware: readonly Middleware<Context>[]
  /** Stands around the handler, once it is known who calls and that what he sent is right. */
  readonly around?: Middleware<HttpContext> | undefined
  readonly handler: (context: HttpContext) => Promise<unknown>
}

/** A declared route, and everything that happens to a request on it. */
export class HttpRoute {
  readonly method: HttpMethod
  readonly path: string
  readonly spec: HttpRouteSpec
  readonly params: readonly string[]
  readonly #run: Middleware<HttpContext>
  readonly #handler: HttpRouteParts['handler']

  /** Throws for a path that is malformed. */
  constructor({ method, path, spec, middleware, around, handler }: HttpRouteParts) {
    assertPath(path)
    this.method = method
    this.path = path
    this.spec = spec
    this.#handler = handler
    this.params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    this.#run = compose<HttpContext>([
      ...(middleware as readonly Middleware<HttpContext>[]),
      async (context, next) => {
        if (spec.scope !== undefined) demandScope(context, spec.scope)
        if (context.request.problem !== null) throw context.request.problem
        this.#validate(context)
        return next()
      },
      ...(around ? [around] : []),
      async (context) => this.#asReply(await handler(context)),
    ])
  }

  /** How metrics, logs and contexts name it. */
  get pattern(): string {
    return `${this.method} ${this.path}`
  }

  /** Runs middleware, the check of the scope, the validation, then the handler. */
  async run(context: HttpContext): Promise<HttpReply> {
    return this.#asReply(await this.#run(context, () => Promise.resolve()))
  }

  /** The handler's answer to a caller who passed another route. */
  async read(context: HttpContext): Promise<HttpReply> {
    this.#validate(context)
    return this.#asReply(await this.#handler(context))
  }

  #asReply(result: unknown): HttpReply {
    if (result instanceof HttpReply) return result
    const { status = result === undefined ? 204 : 200 } = this.spec
    return new HttpReply(status, result)
  }

  #validate(context: HttpContext): void {
    const { params, query, body } = this.spec
    if (params === undefined) assertSafe(context.params)
    else Object.assign(context, { params: validate(params, context.params, 'The path') })
    if (query !== undefined) {
      context.query = validate(query, context.query, 'The query') as HttpContext['query']
    }
    if (body !== undefined) {
      context.payload = validate(body, context.payload ?? {}, 'The body')
    }
  }
}

function assertSafe(params: Readonly<Record<string, string>>): void {
  const unsafe = Object.entries(params).filter(([, value]) => !isSafeId(value))
  if (unsafe.length === 0) return
  const message = 'must be 1 to 128 letters, digits or _ - = @ . : | ~'
  throw new InvalidPayload(
    'The path is not as it should be.',
    unsafe.map(([path]) => ({ path, message })),
  )
}

const SEGMENT = /^(\{[A-Za-z_]\w*\}|[A-Za-z0-9._~-]+)$/

function assertPath(path: string): void {
  const segments = path.split('/').slice(1)
  const isFine = path === '/' || segments.every((segment) => SEGMENT.test(segment))
  if (path.startsWith('/') && isFine) return
  throw new Error(`The path ${JSON.stringify(path)} is not made of /words and /{names}.`)
}
