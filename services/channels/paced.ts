import type { Provider } from './channel.ts'
import type { Pace, RatePacer } from './http/rate-pacer.ts'

/** The same provider, given no more than so many messages in a window; the rest wait their turn. */
export function paced<Content extends object>(
  provider: Provider<Content>,
  pacer: RatePacer,
  pace: Pace,
): Provider<Content> {
  return {
    ...{ name: provider.name },
    ...(provider.verify ? { verify: () => provider.verify!() } : {}),
    ...(provider.close ? { close: () => provider.close!() } : {}),
    async send(job, signal) {
      const waitMs = pacer.reserve(provider.name, pace)
      if (waitMs === 0) return provider.send(job, signal)
      return { status: 'postponed', reason: 'waiting for its rate limit', retryAfterMs: waitMs }
    },
  }
}
