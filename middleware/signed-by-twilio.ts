import { isSignedByTwilio } from '../services/telephone/twilio-signature.ts'
import { type Context, Forbidden, type HttpContext, type Middleware } from '../src/index.ts'

interface Options {
  readonly authToken: string
  /**
   * What our addresses begin with from outside: what Twilio signs is what it
   * called, and the Host header is whatever somebody says.
   */
  readonly publicUrl: () => string
}

/** Lets only requests through that Twilio signed with the account's token. */
export function signedByTwilio({ authToken, publicUrl }: Options): Middleware<Context> {
  return async (context, next) => {
    const { request, payload, meta } = context as HttpContext
    const form = (payload ?? {}) as Readonly<Record<string, unknown>>
    const url = publicUrl() + request.url
    const signature = meta['x-twilio-signature'] ?? ''
    if (!isSignedByTwilio({ authToken, url, form, signature })) {
      throw new Forbidden('The signature is not that of our account at Twilio for this URL.')
    }
    return next()
  }
}
