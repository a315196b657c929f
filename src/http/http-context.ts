import type { Context } from '../context.ts'
import type { BelfryError } from '../support/errors.ts'

/** Parameters named in a path, read by the compiler: `/api/users/{id}` → `{ id }`. */
export type PathParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Path extends `${string}{${infer Name}}${infer Rest}`
    ? { readonly [Key in Name | keyof PathParams<Rest>]: string }
    : Record<never, string>

/** The request as it came, for those who must check a signature over it. */
export interface RawRequest {
  readonly method: string
  /** Path and query as the client wrote them. */
  readonly url: string
  /** Empty where there was no body. */
  readonly body: Buffer
  /** Why the body cannot be read; `null`: it can, or there is none. */
  readonly problem: BelfryError | null
}

/** What a handler of an HTTP route gets: the context of every door, and the request. */
export interface HttpContext<
  Params = Readonly<Record<string, string>>,
  Payload = unknown,
  Query extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
> extends Context<Params, Payload> {
  readonly door: 'http'
  query: Query
  readonly request: RawRequest
}
