import type { Device } from '../directory/user-record.ts'

export type CarrierName = 'fcm' | 'apns' | 'webpush'

/** Apple's own tokens are hexadecimal; those that Firebase gives out for Apple's devices are not. */
const APNS_TOKEN = /^[0-9a-f]{64,200}$/i

/**
 * Which of the configured services reaches a device; `null`: none. Apple's
 * devices and browsers may be registered with Firebase too, which their tokens show.
 */
export function carrierFor(
  { platform, token }: Device,
  configured: readonly CarrierName[],
): CarrierName | null {
  const wanted = ownCarrier(platform, token)
  return configured.includes(wanted) ? wanted : null
}

function ownCarrier(platform: Device['platform'], token: string): CarrierName {
  if (platform === 'ios' && APNS_TOKEN.test(token)) return 'apns'
  if (platform === 'web' && isSubscription(token)) return 'webpush'
  return 'fcm'
}

/** A browser's `PushSubscription` as JSON. */
export interface WebSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

function isSubscription(token: string): boolean {
  return token.startsWith('{')
}

/** The subscription that a browser's token is, with keys as browsers make them (RFC 8291 §2); `null`: it is none. */
export function subscriptionOf(token: string): WebSubscription | null {
  try {
    const { endpoint, keys } = JSON.parse(token) as Partial<WebSubscription>
    const { p256dh, auth } = keys ?? {}
    if (bytesOf(p256dh) !== 65 || bytesOf(auth) < 16 || typeof endpoint !== 'string') return null
    return { endpoint, keys: { p256dh: String(p256dh), auth: String(auth) } }
  } catch {
    return null
  }
}

/** How long a key is; 0: it is none. */
function bytesOf(base64url: unknown): number {
  return typeof base64url === 'string' ? Buffer.from(base64url, 'base64url').length : 0
}
