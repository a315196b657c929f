import { isSignedBySlack } from '../services/hooks/slack-signature.ts'
import { type Context, type HttpContext, type Middleware, Unauthenticated } from '../src/index.ts'

/** Lets only requests through that Slack signed with the app's secret within the last five minutes. */
export function signedBySlack(secret: string): Middleware<Context> {
  return async (context, next) => {
    const { request, meta, receivedAt } = context as HttpContext
    const isSigned = isSignedBySlack({
      secret,
      timestamp: meta['x-slack-request-timestamp'] ?? '',
      signature: meta['x-slack-signature'] ?? '',
      body: request.body,
      now: receivedAt,
    })
    if (!isSigned) {
      throw new Unauthenticated('This is not signed with SLACK_SIGNING_SECRET, or is too old.')
    }
    return next()
  }
}
