import { Webhook } from 'standardwebhooks'
import { type HttpVendor, startHttpVendor } from './http-vendor.ts'

/** The secret that the receiver checks with. */
export const RECEIVER_SECRET = 'whsec_YmVsZnJ5LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk='

const TOLERANCE_SECONDS = 300

interface ReceiverOptions {
  readonly port?: number
  readonly secret?: string
  /** Epoch milliseconds, for the age of what it takes. */
  readonly now?: () => number
}

/**
 * Somebody's endpoint that takes Standard Webhooks: signatures are compared with
 * what the reference library signs, 410 is answered below `/gone`.
 */
export function startReceiver(options: ReceiverOptions = {}): Promise<HttpVendor> {
  const { port = 0, secret = RECEIVER_SECRET, now = Date.now } = options
  const webhook = new Webhook(secret)
  return startHttpVendor({
    port,
    answer({ path, body, headers }) {
      if (path.startsWith('/gone')) return { status: 410 }
      const at = Number(headers['webhook-timestamp'])
      if (!(Math.abs(now() / 1000 - at) <= TOLERANCE_SECONDS)) {
        return { status: 401, body: 'too old or too new' }
      }
      const expected = webhook.sign(headers['webhook-id'] ?? '', new Date(at * 1000), body)
      const given = (headers['webhook-signature'] ?? '').split(' ')
      return given.includes(expected)
        ? { status: 200, body: 'taken' }
        : { status: 401, body: 'no matching signature' }
    },
  })
}
