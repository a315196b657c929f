import { asBelfryError, type Context, type Middleware, type RouteMiddleware } from '../src/index.ts'

/**
 * A step that has no effect but on the context, made fit for a dry run: there
 * it runs as it would, and its refusal is told instead of thrown.
 */
export function explained(name: string, step: Middleware<Context>): RouteMiddleware {
  const explain: RouteMiddleware['explain'] = async (context) => {
    try {
      await step(context, () => Promise.resolve())
      return { outcome: 'pass' }
    } catch (error) {
      const { code, message } = asBelfryError(error)
      return { outcome: 'refuse', code, reason: message }
    }
  }
  const run: Middleware<Context> = (context, next) => {
    try {
      return step(context, next)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  Object.defineProperty(run, 'name', { value: name })
  return Object.assign(run, { explain })
}
