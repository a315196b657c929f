import { createHash } from 'node:crypto'
import {
  type Clock,
  type Context,
  keysOfTenant,
  type Next,
  RateLimitExceeded,
  type RouteMiddleware,
  type Store,
  Unavailable,
} from '../src/index.ts'
import { type Grant, type Limiter, MemoryWindow, SlidingWindow, TokenBucket } from './limiters.ts'

export interface RateLimitOptions {
  readonly store: Store
  readonly clock: Clock
  /** `RATE_LIMIT`; `null`: off. */
  readonly limit: { readonly requests: number; readonly perSeconds: number } | null
  /** Default: `sliding_window`. A token bucket lets `burst` calls through at once. */
  readonly strategy?: 'sliding_window' | { readonly burst: number }
  /** Principals that proved who they are, and addresses, that are not counted. */
  readonly whitelist?: readonly string[]
  /** What must get through while the rest is limited. Default: critical alerts, on every door. */
  readonly isCritical?: (context: Context) => boolean
}

const CRITICAL_TOPIC = 'notifications/alerts/critical/'
const ALERTS_ROUTE = 'POST /api/alerts'

/**
 * Turns a publisher away once its window is used up: the principal that it
 * proved to be, else the client or address, else the concrete topic. Critical
 * alerts are counted apart, and go on by a count in memory while the store is
 * away; everything else is then `Unavailable`.
 */
export function rateLimit(options: RateLimitOptions): RouteMiddleware {
  const { store, clock, limit, strategy = 'sliding_window', isCritical = isCriticalAlert } = options
  if (limit === null)
    return async function rateLimit(_context, next) {
      return next()
    }
  const stated = limit
  const window = { requests: limit.requests, windowMs: limit.perSeconds * 1000 }
  const shared: Limiter =
    strategy === 'sliding_window'
      ? new SlidingWindow(store, clock, window)
      : new TokenBucket(store, clock, { ...window, ...strategy })
  const inMemory = new MemoryWindow(clock, window)
  const whitelist = new Set(options.whitelist)

  async function whileAway(key: string, grant: Promise<Grant>): Promise<Grant> {
    try {
      return await grant
    } catch (error) {
      if (error instanceof Unavailable) return inMemory.take(key)
      throw error
    }
  }

  function proceed({ granted, resetsAt }: Grant, next: Next): Promise<unknown> {
    return granted ? next() : Promise.reject(exceeded(stated, resetsAt, clock.now()))
  }

  return function rateLimit(context, next) {
    const who = publisherOf(context)
    if (whitelist.has(who.name)) return next()
    const critical = isCritical(context)
    const bucket = critical ? `critical:${who.bucket}` : who.bucket
    const key = keysOfTenant(context.principal?.tenant ?? '').rate(bucket)
    const grant = shared.take(key)
    if (!(grant instanceof Promise)) return proceed(grant, next)
    const asked = critical ? whileAway(key, grant) : grant
    return asked.then((answer) => proceed(answer, next))
  }
}

/** Whom a message is counted against: never by a name that anybody may claim. */
function publisherOf({ principal, peer, target }: Context): { name: string; bucket: string } {
  if (principal !== null && principal.via !== 'none') {
    return { name: principal.id, bucket: `user:${short(principal.id)}` }
  }
  if (peer !== '') return { name: peer, bucket: `peer:${short(peer)}` }
  return { name: '', bucket: `topic:${short(target)}` }
}

const SHORT = /^[\x21-\x7e]{1,200}$/

/** A client id or a topic may be 65 535 bytes of anything. */
function short(name: string): string {
  return SHORT.test(name) ? name : createHash('sha256').update(name).digest('base64url')
}

function isCriticalAlert({ target, route, payload }: Context): boolean {
  if (target.startsWith(CRITICAL_TOPIC)) return true
  const severity = (payload as { severity?: unknown } | null | undefined)?.severity
  return route === ALERTS_ROUTE && severity === 'critical'
}

function exceeded(
  limit: { readonly requests: number; readonly perSeconds: number },
  resetsAt: number,
  now: number,
): RateLimitExceeded {
  return new RateLimitExceeded({
    retryAfter: Math.max(1, Math.ceil((resetsAt - now) / 1000)),
    maxRequests: limit.requests,
    windowSeconds: limit.perSeconds,
    resetTime: Math.ceil(resetsAt / 1000),
  })
}
