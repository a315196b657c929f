import { createHmac, createSecretKey } from 'node:crypto'

const PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Whether a text is a secret as Standard Webhooks writes it: `whsec_` and base64 of at least 16 bytes. */
export function isWebhookSecret(text: string): boolean {
  const encoded = text.slice(PREFIX.length)
  return text.startsWith(PREFIX) && BASE64.test(encoded) && keyOf(text).length >= 16
}

interface Signed {
  /** The same at every try: receivers know by it what they have got already. */
  readonly id: string
  /** Epoch milliseconds of this try. */
  readonly at: number
  readonly body: string
  /** Newest first; while one is being replaced both sign. */
  readonly secrets: readonly string[]
}

/** The headers that prove where a webhook comes from (Standard Webhooks 1.0.0, symmetric signatures). */
export function webhookHeaders({ id, at, body, secrets }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000))
  const signed = `${id}.${timestamp}.${body}`
  const signatures = secrets.map((secret) => {
    // A key of bare bytes takes three times as long.
    const hmac = createHmac('sha256', createSecretKey(keyOf(secret)))
    return `v1,${hmac.update(signed).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64')
}
