import { createHmac, timingSafeEqual } from 'node:crypto'

/** How far from now a request may have been made: an older one may be somebody's recording. */
const WINDOW_MS = 300_000

interface SignedRequest {
  readonly secret: string
  /** The header `X-Slack-Request-Timestamp`, in seconds. */
  readonly timestamp: string
  /** The header `X-Slack-Signature`. */
  readonly signature: string
  readonly body: Buffer
  /** Epoch ms. */
  readonly now: number
}

/** What Slack writes into `X-Slack-Signature` (Slack, "Verifying requests", version `v0`). */
export function slackSignature(secret: string, timestamp: string, body: Buffer | string): string {
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body)
  return `v0=${mac.digest('hex')}`
}

/** Whether Slack sent a request, within the last five minutes. */
export function isSignedBySlack({
  secret,
  timestamp,
  signature,
  body,
  now,
}: SignedRequest): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now - Number(timestamp) * 1000) > WINDOW_MS) return false
  const expected = Buffer.from(slackSignature(secret, timestamp, body))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
