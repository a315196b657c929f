import {
  type AppCredentials,
  type Context,
  type HttpContext,
  type Middleware,
  NotFound,
  Unauthenticated,
} from '../src/index.ts'

/**
 * Lets only those pass who sign with the application's secret, as the server
 * libraries of Pusher do: method, path, query and body, not older than ten minutes.
 */
export function appSignature(credentials: AppCredentials): Middleware<Context> {
  return async (context, next) => {
    const { params, request, receivedAt } = context as HttpContext
    if (params.app_id !== credentials.id) throw new NotFound('There is no such application.')
    const objection = credentials.objectionTo(request, receivedAt)
    if (objection !== null) throw new Unauthenticated(objection)
    return next()
  }
}
