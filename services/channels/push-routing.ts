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

/** The subscription that a browser's token is; `null` when it is none. */
export function subscriptionOf(token: string): WebSubscription | null {
  try {
    const { endpoint, keys } = JSON.parse(token) as Partial<WebSubscription>
    const isWhole = typeof keys?.p256dh === 'string' && typeof keys.auth === 'string'
    if (typeof endpoint !== 'string' || !isWhole) return null
    return { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }
  } catch {
    return null
  }
}
