import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { PartOutcome, Provider, SendOutcome } from './channel.ts'

/** Outcomes after which another provider may do better. */
type Passing = SendOutcome & { readonly status: 'retry' | 'unreachable' }

/**
 * Several providers of one channel, in order: the next one is asked only when
 * the one before refused for now or cannot be reached, never after a permanent
 * refusal, nor when it may have sent the message. The outcome names who had the
 * last word, its parts those who were asked before.
 */
export class Failover<Content extends object> implements Provider<Content> {
  readonly name: string
  readonly #providers: readonly Provider<Content>[]

  constructor(providers: readonly Provider<Content>[]) {
    this.name = providers.map(({ name }) => name).join(',')
    this.#providers = providers
  }

  async send(job: DeliveryJob<Content>, signal: AbortSignal): Promise<SendOutcome> {
    const passed: { provider: string; outcome: Passing }[] = []
    let content: object = {}
    for (const provider of this.#providers) {
      // What one provider did in part the next one must not do again.
      const outcome = await provider.send({ ...job, ...content }, signal)
      if (!mayPass(outcome)) return withParts(provider.name, outcome, passed)
      content = { ...content, ...outcome.content }
      passed.push({ provider: provider.name, outcome })
    }
    return summary(passed, content)
  }

  /** Whether at least one of them can be used; rejects with what the last one said. */
  async verify(): Promise<void> {
    const results = await Promise.allSettled(
      this.#providers.map(async (provider) => provider.verify?.()),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    if (refused.length === results.length) throw refused.at(-1)?.reason
  }

  async close(): Promise<void> {
    await Promise.all(this.#providers.map(async (provider) => provider.close?.()))
  }
}

function mayPass(outcome: SendOutcome): outcome is Passing {
  return outcome.status === 'retry' || outcome.status === 'unreachable'
}

function withParts(
  provider: string,
  outcome: SendOutcome,
  passed: readonly { provider: string; outcome: Passing }[],
): SendOutcome {
  const named = { ...outcome, provider: outcome.provider ?? provider }
  if (passed.length === 0) return named
  return { ...named, parts: [...partsOf(passed), ...(outcome.parts ?? [])] }
}

function partsOf(passed: readonly { provider: string; outcome: Passing }[]): PartOutcome[] {
  return passed.map(({ provider, outcome }) => ({
    provider,
    outcome: outcome.status,
    reason: outcome.reason,
  }))
}

/** Nobody took it: it waits for whoever takes more first, and a try is used if one was answered. */
function summary(
  passed: readonly { provider: string; outcome: Passing }[],
  content: object,
): SendOutcome {
  const refusals = passed.filter(({ outcome }) => outcome.status === 'retry')
  const last = (refusals.length > 0 ? refusals : passed).at(-1)!
  const asked = refusals.length > 0 ? refusals : passed
  const firstMs = Math.min(...asked.map(({ outcome }) => outcome.retryAfterMs ?? 0))
  const isAway = refusals.length < passed.length
  return {
    ...last.outcome,
    ...(Object.keys(content).length > 0 ? { content } : {}),
    // Whoever is away may be back at any time.
    ...(refusals.length > 0 ? { retryAfterMs: isAway ? 0 : firstMs } : {}),
    ...(refusals.length === 0 && firstMs > 0 ? { retryAfterMs: firstMs } : {}),
    provider: last.provider,
    ...(passed.length > 1 ? { parts: partsOf(passed) } : {}),
  } as SendOutcome
}
