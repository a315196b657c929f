import {
  backoffMs,
  type Clock,
  isoTime,
  type Keys,
  type Lease,
  type Logger,
  type Op,
  queueKeys,
  Release,
  type Settlement,
  Unavailable,
} from '../../src/index.ts'
import type { Provider, SendOutcome } from '../channels/channel.ts'
import { Counts, countedAs } from '../statistics/counts.ts'
import type { DeliveryHooks } from './delivery-hooks.ts'
import {
  type DeliveryJob,
  enqueueOp,
  FAILED_LIMIT,
  FINAL_TTL_MS,
  jobKey,
  queueOf,
} from './delivery-job.ts'
import { deliveryLogOps } from './delivery-log.ts'
import { awaySince, isLastTry } from './last-try.ts'
import { retryWaitMs } from './retry-schedule.ts'

interface Parts {
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  /** Channel → its provider. */
  readonly providers: ReadonlyMap<string, Provider>
  /** Told of every try, and how long it took in milliseconds. */
  readonly onOutcome?: (
    job: DeliveryJob,
    provider: string,
    outcome: SendOutcome,
    tookMs: number,
  ) => void
  /** What notification classes have to say. */
  readonly hooks?: DeliveryHooks
  /** Why a delivery is not wanted any more; `null`: it is. */
  readonly isMoot?: (job: DeliveryJob) => Promise<string | null>
}

const STORE_AWAY: SendOutcome = {
  status: 'postponed',
  reason: 'the store is away',
  retryAfterMs: 1_000,
}

/** Works on delivery jobs: sends, and decides what becomes of the job after each try. */
export class DeliveryService {
  readonly #parts: Parts
  readonly #counts: Counts

  constructor(parts: Parts) {
    this.#parts = parts
    this.#counts = new Counts(parts.keys)
  }

  /** The handler of one channel's worker. */
  handle = async (lease: Lease, signal: AbortSignal): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as DeliveryJob
    const provider = this.#parts.providers.get(job.channel)
    const startedAt = performance.now()
    const outcome = await this.#send(job, provider, signal)
    const tookMs = performance.now() - startedAt
    const name = outcome.provider ?? provider?.name ?? 'none'
    this.#parts.onOutcome?.(job, name, outcome, tookMs)
    if (job.said !== undefined) {
      const isLast = isLastTry(job, outcome, this.#parts.clock.now())
      await this.#parts.hooks?.after(job, outcome, isLast)
    }
    return { ops: this.#settle(lease, job, name, outcome) }
  }

  async #send(
    job: DeliveryJob,
    provider: Provider | undefined,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    if (job.expires_at !== null && job.expires_at * 1000 <= this.#parts.clock.now()) {
      return { status: 'skipped', reason: 'expired' }
    }
    if (!provider) return { status: 'failed', reason: `no provider for channel ${job.channel}` }
    try {
      const reason = (await this.#parts.isMoot?.(job)) ?? null
      if (reason !== null) return { status: 'skipped', reason }
      const refusal = job.said === undefined ? null : await this.#parts.hooks?.before(job)
      if (refusal) return refusal
      const send = () => provider.send(job, within(job.timeout_ms, signal))
      return await (this.#parts.hooks?.around(job, send) ?? send())
    } catch (error) {
      // What is asked of the store comes before anything is sent.
      if (error instanceof Unavailable) return STORE_AWAY
      if (error instanceof Release) return released(error)
      this.#parts.log.error({ err: error, job: job.id }, `the ${provider.name} sender threw`)
      return { status: 'retry', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  #settle(lease: Lease, job: DeliveryJob, provider: string, outcome: SendOutcome): Op[] {
    const { keys, clock } = this.#parts
    const now = clock.now()
    const tried = this.#record(job, provider, outcome, now)
    if (isLastTry(job, outcome, now)) return this.#fail(lease, tried)
    switch (outcome.status) {
      case 'retry': {
        const next = { ...tried, ...outcome.content }
        return [enqueueOp(keys, again(next, now + this.#wait(tried, outcome)), now)]
      }
      case 'unreachable': {
        const next = { ...tried, ...outcome.content }
        return [enqueueOp(keys, again(next, now + awayMs(job, outcome)), now)]
      }
      case 'postponed':
        return [enqueueOp(keys, again(tried, now + outcome.retryAfterMs), now)]
      default:
        return this.#finish(lease, { ...tried, status: outcome.status })
    }
  }

  #wait(job: DeliveryJob, outcome: SendOutcome & { status: 'retry' }): number {
    if (outcome.isRelease) return outcome.retryAfterMs ?? 0
    const own = job.backoff_ms?.[job.attempts - 1] ?? job.backoff_ms?.at(-1)
    return Math.max(outcome.retryAfterMs ?? 0, own ?? retryWaitMs(job.channel, job.attempts))
  }

  #record(job: DeliveryJob, provider: string, outcome: SendOutcome, now: number): DeliveryJob {
    const entry = {
      at: isoTime(now),
      provider,
      outcome: outcome.status,
      ...('reason' in outcome ? { reason: outcome.reason } : {}),
      ...('id' in outcome && outcome.id ? { id: outcome.id } : {}),
      ...(outcome.parts ? { parts: outcome.parts } : {}),
    }
    const counts = !['unreachable', 'postponed', 'skipped'].includes(outcome.status)
    // Waiting for its turn again and again must not push out what was tried.
    const waits = outcome.status === 'postponed' && job.history.at(-1)?.outcome === 'postponed'
    const history = waits ? job.history.slice(0, -1) : job.history.slice(-19)
    const { unreachable_since, ...rest } = job
    const isAway = outcome.status === 'unreachable'
    const wasAway = outcome.status === 'postponed' && unreachable_since !== undefined
    return {
      ...rest,
      ...(isAway || wasAway ? { unreachable_since: awaySince(job, now) } : {}),
      attempts: job.attempts + (counts ? 1 : 0),
      ...(job.max_exceptions === undefined ? {} : { exceptions: exceptionsOf(job, outcome) }),
      history: [...history, entry],
    }
  }

  #fail(lease: Lease, job: DeliveryJob): Op[] {
    return [
      ...this.#finish(lease, { ...job, status: 'failed' }),
      ['push', queueKeys.failed(lease.queue), job.id, FAILED_LIMIT],
    ]
  }

  #finish({ partition }: Lease, job: DeliveryJob): Op[] {
    const { keys, clock } = this.#parts
    const now = clock.now()
    const ttl = job.status === 'failed' ? 7 * FINAL_TTL_MS : FINAL_TTL_MS
    return [
      ['set', jobKey(keys, queueOf(job), job.id), JSON.stringify(job), ttl],
      ...deliveryLogOps(keys, job, now),
      ...this.#counts.ops(countedAs(job, job.status), { partition, now }),
    ]
  }
}

function released({ message: reason, seconds }: Release): SendOutcome {
  return { status: 'retry', reason, retryAfterMs: seconds * 1000, isRelease: true }
}

function exceptionsOf({ exceptions = 0 }: DeliveryJob, outcome: SendOutcome): number {
  return exceptions + (outcome.status === 'retry' && !outcome.isRelease ? 1 : 0)
}

/** Of ten thousand that wait for one provider, not all come at once. */
const CROWD_SPREAD = 3

/**
 * How long a delivery waits for a provider that is away: until it is asked again,
 * if somebody knows when, so that none waits much longer than the outage lasted.
 */
function awayMs(
  job: DeliveryJob,
  { retryAfterMs }: SendOutcome & { status: 'unreachable' },
): number {
  if (retryAfterMs !== undefined) return retryAfterMs + backoffMs(CROWD_SPREAD)
  return backoffMs(job.history.length)
}

function within(timeoutMs: number | undefined, signal: AbortSignal): AbortSignal {
  return timeoutMs === undefined
    ? signal
    : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
}

function again(job: DeliveryJob, at: number): DeliveryJob {
  return { ...job, status: 'queued', send_at: at / 1000 }
}
