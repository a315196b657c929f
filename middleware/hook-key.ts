import type { Context, Middleware } from '../src/index.ts'

/**
 * Before `authenticate`: tools that call hooks cannot all send a bearer token.
 * The key may also be the password of basic authentication, the header
 * `X-Api-Key`, or `key` or `token` in the query, as they let one set it.
 */
export function hookKey(authenticate: Middleware<Context>): Middleware<Context> {
  return (context, next) => {
    const shown = keyIn(context)
    if (shown === null) return authenticate(context, next)
    const meta = { ...context.meta, authorization: `Bearer ${shown}` }
    const asked: Context = { ...context, meta }
    return authenticate(asked, () => {
      context.principal = asked.principal
      return next()
    })
  }
}

function keyIn({ meta, query }: Context): string | null {
  const [, basic] = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(meta.authorization ?? '') ?? []
  if (basic !== undefined) {
    const login = Buffer.from(basic, 'base64').toString()
    return login.slice(login.indexOf(':') + 1)
  }
  const found = [meta['x-api-key'], query.key, query.token]
  return found.find((value): value is string => typeof value === 'string' && value !== '') ?? null
}
