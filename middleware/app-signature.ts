import {
  type AppCredentials,
  type Context,
  type HttpContext,
  type Middleware,
  NotFound,
  Unauthenticated,
} from '../src/index.ts'

/** Whose secret may have signed, and who serves what is asked then; `null`: the next step. */
export interface SigningApp {
  readonly credentials: readonly AppCredentials[]
  readonly serve: ((context: HttpContext) => Promise<unknown>) | null
}

/**
 * Lets only those pass who sign with the application's secret, as the server
 * libraries of Pusher do: method, path, query and body, not older than ten minutes.
 */
export function appSignature(
  appOf: (id: string) => Promise<SigningApp | null>,
): Middleware<Context> {
  return async (context, next) => {
    const { params, request, receivedAt } = context as HttpContext
    const app = await appOf(String(params.app_id))
    if (app === null) throw new NotFound('There is no such application.')
    const objections = app.credentials.map((each) => each.objectionTo(request, receivedAt))
    if (!objections.includes(null)) throw new Unauthenticated(objections[0] ?? 'There is no key.')
    return app.serve === null ? next() : app.serve(context as HttpContext)
  }
}
