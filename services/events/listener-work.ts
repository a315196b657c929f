import {
  backoffMs,
  type Clock,
  type EventDispatcher,
  isoTime,
  type Keys,
  type Lease,
  type Logger,
  messageOf,
  type Op,
  queueKeys,
  Release,
  type Settlement,
  thawEvent,
  throughSteps,
} from '../../src/index.ts'
import { enqueueOp, FAILED_LIMIT, FINAL_TTL_MS, jobKey } from '../deliveries/delivery-job.ts'
import { awaySince, isLastTry } from '../deliveries/last-try.ts'
import type { ListenerJob } from './listener-job.ts'

/** How soon a process that has the listener may take its call. */
const ELSEWHERE_MS = 10_000
/** A day of looking for a process that has the listener. */
const MOST_LOOKS_MS = 86_400_000

interface Parts {
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly dispatcher: () => EventDispatcher
}

/** Makes the calls of queued listeners, again and again if need be. */
export class ListenerWork {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The handler of every queue that listeners are put into. */
  handle = async (lease: Lease, signal: AbortSignal): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as ListenerJob
    const dispatcher = this.#parts.dispatcher()
    const event = thawEvent(dispatcher.classes, job.event)
    if (job.listener === null) return { ops: await this.#dispatch(job, event) }
    const entry = dispatcher.table.named(job.listener)
    if (entry === null) return { ops: this.#elsewhere(job) }
    try {
      await within(job.timeout_ms, signal, () => throughSteps(entry, event, job.event.name))
      return { ops: this.#finish(job, 'sent') }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown))
      if (!this.#isLast(job, error)) return { ops: this.#again(job, error) }
      await dispatcher.reportFailure(entry, event, job.event.name, error)
      return { ops: this.#fail(job, error) }
    }
  }

  #isLast(job: ListenerJob, error: Error): boolean {
    const outcome = { status: 'retry', reason: '', isRelease: error instanceof Release } as const
    return isLastTry(job, outcome, this.#parts.clock.now())
  }

  /** An event that was put off: from here on it is like any other. */
  async #dispatch(job: ListenerJob, event: unknown): Promise<Op[]> {
    const isClass = job.event.class !== '' && job.event.bare !== true
    const { dispatcher } = this.#parts
    if (isClass) await dispatcher().dispatch(event as object)
    else await dispatcher().dispatch(job.event.name, event)
    return this.#finish(job, 'sent')
  }

  #elsewhere(job: ListenerJob): Op[] {
    const { clock, keys, log } = this.#parts
    const now = clock.now()
    const error = new Error(`the listener ${job.listener} is not loaded here`)
    const since = awaySince(job, now)
    if (now - since * 1000 > MOST_LOOKS_MS) return this.#fail(job, error)
    log.warn({ listener: job.listener, queue: job.channel }, error.message)
    const next = { ...job, unreachable_since: since, send_at: (now + ELSEWHERE_MS) / 1000 }
    return [enqueueOp(keys, next, now)]
  }

  #again(job: ListenerJob, error: Error): Op[] {
    const { clock, keys } = this.#parts
    const now = clock.now()
    const tried = noted(job, 'retry', error, now)
    const own = error instanceof Release ? error.seconds * 1000 : undefined
    const wait = own ?? job.backoff_ms?.[job.attempts] ?? job.backoff_ms?.at(-1)
    const next = { ...tried, send_at: (now + (wait ?? backoffMs(tried.attempts))) / 1000 }
    return [enqueueOp(keys, next, now)]
  }

  #fail(job: ListenerJob, error: Error): Op[] {
    const { keys, clock } = this.#parts
    const failed = noted(job, 'failed', error, clock.now())
    const failedKey = queueKeys.failed(keys.queue(job.channel))
    return [...this.#finish(failed, 'failed'), ['push', failedKey, job.id, FAILED_LIMIT]]
  }

  /** A finished call is remembered for a day, so that the same one is not made again. */
  #finish(job: ListenerJob, status: 'sent' | 'failed'): Op[] {
    const text = JSON.stringify({ ...job, status })
    const ttl = status === 'failed' ? 7 * FINAL_TTL_MS : FINAL_TTL_MS
    return [['set', jobKey(this.#parts.keys, job.channel, job.id), text, ttl]]
  }
}

function noted(job: ListenerJob, outcome: string, error: Error, now: number): ListenerJob {
  const entry = { at: isoTime(now), provider: 'listener', outcome, reason: error.message }
  return {
    ...job,
    attempts: job.attempts + 1,
    exceptions: (job.exceptions ?? 0) + (error instanceof Release ? 0 : 1),
    history: [...job.history.slice(-19), entry],
  }
}

/** A listener that takes too long has failed; nobody can stop it. */
async function within(
  timeoutMs: number | undefined,
  signal: AbortSignal,
  run: () => Promise<unknown>,
): Promise<void> {
  if (timeoutMs === undefined) {
    await run()
    return
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const over = new Promise<never>((_, reject) => {
    const give = () => reject(new Error(`took longer than ${timeoutMs / 1000} s`))
    limit.addEventListener('abort', give, { once: true })
  })
  await Promise.race([run(), over])
}
