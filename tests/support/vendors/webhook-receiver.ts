import { Webhook } from 'standardwebhooks'
import { type HttpVendor, startHttpVendor } from './http-vendor.ts'

/** The secret that the receiver checks with. */
export const RECEIVER_SECRET = 'whsec_YmVsZnJ5LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk='

interface ReceiverOptions {
  readonly port?: number
  readonly secret?: string
}

/**
 * Somebody's endpoint that takes Standard Webhooks: it checks every signature
 * with the reference library, and answers 410 below `/gone`.
 */
export function startReceiver(options: ReceiverOptions = {}): Promise<HttpVendor> {
  const { port = 0, secret = RECEIVER_SECRET } = options
  const webhook = new Webhook(secret)
  return startHttpVendor({
    port,
    answer({ path, body, headers }) {
      if (path.startsWith('/gone')) return { status: 410 }
      try {
        webhook.verify(body, headers)
        return { status: 204 }
      } catch (error) {
        return { status: 401, body: String(error) }
      }
    },
  })
}
