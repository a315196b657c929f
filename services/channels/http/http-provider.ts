import type { Clock } from '../../../src/index.ts'
import type { Hook, HookState } from '../../deliveries/hook-state.ts'
import { isLastTry } from '../../deliveries/last-try.ts'
import type { Provider, SendOutcome } from '../channel.ts'
import { LOCKOUT_MS } from '../lockout.ts'
import type { Answered } from './exchange.ts'
import type { GuardedSender, HttpRequest, HttpResult } from './guarded-sender.ts'
import { outcomeOf } from './http-outcome.ts'
import type { PostJob } from './post-message.ts'
import { RatePacer } from './rate-pacer.ts'
import { type Target, Unsendable, type Verdict } from './target.ts'

const NO_PACE = { limit: Number.POSITIVE_INFINITY, windowMs: 1000 }
const NO_VERDICT: Verdict = { outcome: null }

interface Parts {
  /** The channel. */
  readonly name: string
  /** By the scheme of the address: `https`, `ntfy` … */
  readonly targets: Readonly<Record<string, Target>>
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  readonly hooks: HookState
  readonly clock: Clock
}

/** A channel whose address is a URL: its scheme chooses the vendor. */
export class HttpProvider implements Provider<PostJob> {
  readonly name: string
  readonly #parts: Parts
  readonly #pacer: RatePacer

  constructor(parts: Parts) {
    this.name = parts.name
    this.#parts = parts
    this.#pacer = new RatePacer(parts.clock)
  }

  async send(job: PostJob, signal: AbortSignal): Promise<SendOutcome> {
    const { hooks, clock, targets } = this.#parts
    const address = job.url === null ? null : URL.parse(job.url)
    if (address === null) return { status: 'failed', reason: 'the address is no URL' }
    const target = targets[address.protocol.slice(0, -1)]
    if (target === undefined) {
      return { status: 'failed', reason: `nobody is reached by ${address.protocol}` }
    }
    const hook = hookOf(job)
    const state = hook === null ? null : await hooks.find(hook)
    if (state?.disabled) return { status: 'skipped', reason: 'hook_disabled' }
    const waitMs = this.#waitMs(target, address)
    if (waitMs > 0) {
      return { status: 'postponed', reason: 'waiting for its rate limit', retryAfterMs: waitMs }
    }
    const posted = await this.#post(target, address, job, signal)
    const { isDead = false } = posted
    const outcome = { ...posted.outcome, provider: target.name }
    const end = { outcome, isDead, isLast: isLastTry(job, outcome, clock.now()) }
    // What was never sent, for want of a token of ours, says nothing about the hook.
    if (hook === null || posted.isUnsent) return outcome
    // The post is out: a note that cannot be kept must not send it again.
    return hooks.after(hook, state, end).catch(() => outcome)
  }

  async close(): Promise<void> {
    await this.#parts.sender.close()
  }

  /** How long to hold a post back: for its address, and for the vendor as a whole. */
  #waitMs(target: Target, address: URL): number {
    const whole = this.#pacer.reserve(target.name, NO_PACE)
    return whole > 0 ? whole : this.#pacer.reserve(address.href, target.pace ?? NO_PACE)
  }

  async #post(
    target: Target,
    address: URL,
    job: PostJob,
    signal: AbortSignal,
  ): Promise<{ outcome: SendOutcome; isDead?: boolean; isUnsent?: boolean }> {
    const { sender, clock } = this.#parts
    let request: HttpRequest
    try {
      request = await target.compose(address, job, clock.now())
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error
      return { outcome: { status: 'failed', reason: error.message }, isUnsent: true }
    }
    return this.#judge(target, address, await sender.post(request, signal))
  }

  #judge(
    target: Target,
    address: URL,
    result: HttpResult,
  ): { outcome: SendOutcome; isDead: boolean } {
    const now = this.#parts.clock.now()
    const verdict = result.kind === 'answered' ? verdictOn(target, result, now) : NO_VERDICT
    const { lost } = target
    const judged = verdict.outcome ?? outcomeOf(result, { now, lost, word: verdict.word ?? null })
    const outcome = verdict.isLockedOut ? lockedOut(judged) : judged
    this.#pace(target, address, { verdict, outcome, result })
    return { outcome, isDead: verdict.isDead ?? false }
  }

  #pace(
    target: Target,
    address: URL,
    { verdict, outcome, result }: { verdict: Verdict; outcome: SendOutcome; result: HttpResult },
  ): void {
    if (verdict.isLockedOut) this.#pacer.pause(target.name, LOCKOUT_MS)
    const receiver = verdict.isGlobalLimit ? target.name : address.href
    if (verdict.limits) this.#pacer.learn(receiver, verdict.limits)
    const isLimited = result.kind === 'answered' && result.status === 429
    if (isLimited && outcome.status === 'retry' && outcome.retryAfterMs !== undefined) {
      this.#pacer.pause(receiver, outcome.retryAfterMs)
    }
  }
}

function verdictOn(target: Target, answer: Answered, now: number): Verdict {
  return target.read?.(answer, now) ?? NO_VERDICT
}

/** The operator has to act: deliveries wait, as they do for a vendor that is away. */
function lockedOut(outcome: SendOutcome): SendOutcome {
  const reason = 'reason' in outcome ? outcome.reason : outcome.status
  return { status: 'unreachable', reason: `bad_credentials: ${reason}` }
}

function hookOf({ user_id, channel, url }: PostJob): Hook | null {
  return user_id === null || url === null ? null : { userId: user_id, channel, url }
}
