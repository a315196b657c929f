import { isoTime, type Keys, type Op } from '../../src/index.ts'
import type { DeliveryJob } from './delivery-job.ts'

const LOG_LIMIT = 10_000

/** A line about a job as it stands now, for the seed's `mail_logs` and `sms_logs`; other channels have none. */
export function deliveryLogOps(keys: Keys, job: DeliveryJob, now: number): Op[] {
  if (job.channel !== 'email' && job.channel !== 'sms') return []
  const key = job.channel === 'email' ? keys.mailLog() : keys.smsLog()
  return [['push', key, JSON.stringify(logLine(job, now)), LOG_LIMIT]]
}

function logLine(job: DeliveryJob, now: number): object {
  const { to, subject, phone, message } = job as DeliveryJob<Record<string, unknown>>
  const common = {
    id: job.id,
    status: job.status,
    priority: job.priority,
    created_at: isoTime(job.created_at * 1000),
    timestamp: now / 1000,
  }
  return job.channel === 'email'
    ? { ...common, email_id: job.id, to_email: to, subject }
    : { ...common, phone, message }
}
