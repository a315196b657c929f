import { isoTime } from '../../src/index.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { CircuitBreaker, Pass } from './circuit-breaker.ts'

const PROBE_MS = 1_000

/** The same provider behind a breaker: while that is open, it counts as unreachable. */
export function guarded<Content extends object>(
  provider: Provider<Content>,
  breaker: CircuitBreaker,
): Provider<Content> {
  return {
    ...{ name: provider.name },
    ...(provider.verify ? { verify: () => provider.verify!() } : {}),
    ...(provider.close ? { close: () => provider.close!() } : {}),
    async send(job, signal) {
      const pass = breaker.pass()
      if (pass === null) {
        // One try is under way that decides: the others learn of it soon.
        const retryAfterMs = breaker.closedForMs || PROBE_MS
        return { status: 'unreachable', reason: reasonOf(breaker), retryAfterMs }
      }
      try {
        const outcome = await provider.send(job, signal)
        tell(pass, outcome)
        return outcome
      } catch (error) {
        // A bug of ours says nothing about the vendor.
        pass.dismissed()
        throw error
      }
    },
  }
}

/** Why nothing was tried. */
export function reasonOf(breaker: CircuitBreaker): string {
  const { retryAt, reason } = breaker.report
  const until = retryAt === null ? '' : ` until ${isoTime(retryAt)}`
  return `circuit_open${until}: ${reason ?? 'no answer'}`
}

/**
 * Whether a try speaks for or against the provider. One that names the time at
 * which it will take more is well; so is one that had a word about the recipient.
 */
function tell(pass: Pass, outcome: SendOutcome): void {
  const { status } = outcome
  if (status === 'unreachable' || status === 'uncertain') pass.failed(outcome.reason)
  else if (status === 'postponed' || status === 'skipped') pass.dismissed()
  else if (status !== 'retry') pass.succeeded()
  else if (outcome.retryAfterMs !== undefined || outcome.isAboutRecipient) pass.dismissed()
  else pass.failed(outcome.reason)
}
