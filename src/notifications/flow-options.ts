import type { Channel } from './messages.ts'

/** Collects what belongs together and sends it as one. Seconds. */
export interface DigestOption {
  /** How long after the first one it is sent; or, instead, when `cron` says so, by the recipient's clock. */
  readonly window?: number
  readonly cron?: string
  /** A dotted path into the data of `toDatabase`: each value has a digest of its own. */
  readonly key?: string
  /** The first one in so long is sent at once. */
  readonly lookBack?: number
  /** The template that says it where it is of several, of `events` and `total_count`; else they are listed. */
  readonly template?: string
}

/** At most so many (default: 1) in a window that opens with the first. Seconds. */
export interface ThrottleOption {
  readonly limit?: number
  readonly window: number
  readonly onLimit?: 'drop' | 'digest'
  readonly key?: string
}

/** Further channels when nothing shows after so many seconds that it has arrived. */
export interface FallbackOption {
  readonly after: number
  /** Default: `read`. */
  readonly unless?: 'delivered' | 'seen' | 'read' | 'acked'
  readonly channels: readonly Channel[]
}

/** Repeated until somebody acknowledges it. Seconds; default: each minute for an hour. */
export interface RequireAckOption {
  readonly retry?: number
  readonly expire?: number
  readonly cancelOn?: 'any' | 'all'
}

/** What a notification class may ask for besides being sent, as every message may. */
export interface FlowOptions {
  readonly digest?: DigestOption
  readonly throttle?: ThrottleOption
  readonly fallback?: FallbackOption
  readonly requireAck?: RequireAckOption
  /** What it can be canceled by while it waits. */
  readonly tags?: readonly string[]
  /** It takes the place of the unread one with the same key. */
  readonly collapseKey?: string
  /** The conversation, document or device that it belongs to. */
  readonly thread?: string
}

const NAMES = [
  ...['digest', 'throttle', 'fallback', 'requireAck'],
  ...['tags', 'collapseKey', 'thread'],
] as readonly (keyof FlowOptions)[]

/** Those of its fields that are such options. */
export function flowOptionsOf(notification: FlowOptions): FlowOptions {
  const named = NAMES.filter((name) => notification[name] !== undefined)
  return Object.fromEntries(named.map((name) => [name, notification[name]]))
}
