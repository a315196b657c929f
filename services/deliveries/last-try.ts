import type { SendOutcome } from '../channels/channel.ts'
import type { JobHeader } from './delivery-job.ts'
import { PATIENCE_MS } from './retry-schedule.ts'

/** Whether a delivery has failed for good with this outcome; `job` is as it was before the try. */
export function isLastTry(
  job: Pick<JobHeader, 'attempts' | 'max_attempts' | 'created_at' | 'retry_until'>,
  { status }: SendOutcome,
  now: number,
): boolean {
  if (status === 'retry' && job.retry_until !== undefined) return now >= job.retry_until * 1000
  if (status === 'retry') return job.attempts + 1 >= job.max_attempts
  if (status === 'unreachable') return now - job.created_at * 1000 > PATIENCE_MS
  return status === 'failed'
}
