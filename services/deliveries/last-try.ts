import type { SendOutcome } from '../channels/channel.ts'
import type { JobHeader } from './delivery-job.ts'
import { PATIENCE_MS } from './retry-schedule.ts'

type Tried = Pick<
  JobHeader,
  | 'attempts'
  | 'max_attempts'
  | 'exceptions'
  | 'max_exceptions'
  | 'retry_until'
  | 'unreachable_since'
>

/** Whether a delivery has failed for good with this outcome; `job` is as it was before the try. */
export function isLastTry(job: Tried, outcome: SendOutcome, now: number): boolean {
  const { status } = outcome
  if (status === 'retry' && !outcome.isRelease && job.max_exceptions !== undefined) {
    if ((job.exceptions ?? 0) + 1 >= job.max_exceptions) return true
  }
  if (status === 'retry' && job.retry_until !== undefined) return now >= job.retry_until * 1000
  if (status === 'retry') return job.attempts + 1 >= job.max_attempts
  if (status === 'unreachable') return now - awaySince(job, now) * 1000 > PATIENCE_MS
  return status === 'failed'
}

/** Since when a provider that is away is waited for (epoch seconds): not since the job was made, which may have been due much later. */
export function awaySince(
  { unreachable_since }: Pick<JobHeader, 'unreachable_since'>,
  now: number,
): number {
  return unreachable_since ?? now / 1000
}
