import { demandScope, type RouteMiddleware, type Scope } from '../src/index.ts'
import { explained } from './explained.ts'

/** Lets only those pass whose credential has the scope (`admin` has all, `operate` has `read`). */
export function requireScope(scope: Scope): RouteMiddleware {
  return explained(`require ${scope}`, (context, next) => {
    demandScope(context, scope)
    return next()
  })
}
