import type { ZodType, z } from 'zod'
import type { Context } from '../context.ts'
import type { Middleware } from '../pipeline.ts'
import type { HttpContext, PathParams } from './http-context.ts'
import { type HttpMethod, HttpRoute, type HttpRouteSpec } from './http-route.ts'

/** What a schema gives out, or `Without` where there is none. */
type OutputOf<Schema, Without> =
  unknown extends z.output<Schema & ZodType> ? Without : z.output<Schema & ZodType>

type QueryOf<Schema> = OutputOf<Schema, Readonly<Record<string, unknown>>> &
  Readonly<Record<string, unknown>>

/** Routes that share a prefix and middleware. */
export class HttpGroup<Prefix extends string = ''> {
  readonly #prefix: string
  readonly #middleware: readonly Middleware<Context>[]
  readonly #around: Middleware<HttpContext> | undefined
  readonly #add: (route: HttpRoute) => void

  constructor(parts: {
    readonly prefix: Prefix
    readonly middleware: readonly Middleware<Context>[]
    readonly around?: Middleware<HttpContext> | undefined
    readonly add: (route: HttpRoute) => void
  }) {
    this.#prefix = parts.prefix
    this.#middleware = parts.middleware
    this.#around = parts.around
    this.#add = parts.add
  }

  /** Declares routes under a prefix such as `/api`, with more middleware after ours. */
  group<Inner extends string>(
    prefix: Inner,
    middleware: readonly Middleware<Context>[],
    define: (group: HttpGroup<`${Prefix}${Inner}`>) => void,
  ): void {
    const joined = `${this.#prefix}${prefix}` as `${Prefix}${Inner}`
    const all = [...this.#middleware, ...middleware]
    const [around, add] = [this.#around, this.#add]
    define(new HttpGroup({ prefix: joined, middleware: all, around, add }))
  }

  /**
   * Declares a route; parameters are written `{name}`. The handler gets what the
   * schemas give out and answers with the body, or an `HttpReply`. A malformed
   * path, or one that is declared already, throws.
   */
  on<
    Path extends string,
    Params extends ZodType = ZodType,
    Query extends ZodType = ZodType,
    Body extends ZodType = ZodType,
  >(
    method: HttpMethod,
    path: Path,
    spec: HttpRouteSpec<Params, Query, Body>,
    handler: (
      context: HttpContext<
        OutputOf<Params, PathParams<`${Prefix}${Path}`>>,
        z.output<Body>,
        QueryOf<Query>
      >,
    ) => Promise<unknown>,
  ): void {
    this.#add(
      new HttpRoute({
        method,
        path: `${this.#prefix}${path}`,
        spec,
        middleware: this.#middleware,
        around: this.#around,
        // The schemas give the types, and `HttpRoute` applies them before it calls.
        handler: handler as unknown as (context: HttpContext) => Promise<unknown>,
      }),
    )
  }
}

/** The table of everything that may be asked over HTTP. */
export class HttpRouter extends HttpGroup {
  readonly #routes: Map<string, HttpRoute>

  /** `around` stands around every handler: it sees who called and what is asked, and the answer. */
  constructor({ around }: { readonly around?: Middleware<HttpContext> } = {}) {
    const routes = new Map<string, HttpRoute>()
    super({
      prefix: '',
      middleware: [],
      around,
      add: (route) => {
        const shape = route.pattern.replace(/\{\w+\}/g, '{}')
        const taken = routes.get(shape)
        if (taken) throw new Error(`${route.pattern} is declared already, as ${taken.pattern}.`)
        routes.set(shape, route)
      },
    })
    this.#routes = routes
  }

  /** Every route in the order of declaration. */
  get table(): readonly HttpRoute[] {
    return [...this.#routes.values()]
  }
}
