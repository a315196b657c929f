import { Unavailable } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { asksOf } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'
import { MOST_NAMED } from './alert-words.ts'

/** What rings; what is read when somebody has time says what happened, also later. */
const RINGING: readonly string[] = ['sms', 'voice', 'push']
/** Messages that ask for an answer. */
const ASKING: readonly string[] = [
  ...['alert.critical', 'alert.warning', 'alert.info', 'escalation.exhausted'],
]

interface AboutAlerts {
  readonly alert_id?: unknown
  /** Of several that are told together. */
  readonly alert_ids?: unknown
}

/**
 * Why a page that waited, for a limit or for its provider, need ring no more: every alert
 * of which it speaks has been answered. `null`: it goes out, also where that cannot be known.
 */
export function mootPages(alerts: Pick<AlertStore, 'readIfAny'>) {
  return async (job: DeliveryJob): Promise<string | null> => {
    if (!RINGING.includes(job.channel) || !ASKING.includes(job.about?.type ?? '')) return null
    const ids = alertsOf(job)
    // It speaks of more than it names.
    if (ids.length >= MOST_NAMED) return null
    try {
      const found = await Promise.all(ids.map((id) => alerts.readIfAny(id)))
      const answered = found.filter((alert) => alert !== null && !asksOf(alert, job.user_id))
      if (answered.length === 0 || answered.length < found.length) return null
      return `answered meanwhile: ${answered[0]?.status}`
    } catch (error) {
      if (error instanceof Unavailable) return null
      throw error
    }
  }
}

function alertsOf(job: DeliveryJob): string[] {
  const { alert_id, alert_ids, data } = job as AboutAlerts & { readonly data?: AboutAlerts }
  const many = alert_ids ?? data?.alert_ids
  const ids = Array.isArray(many) ? many : [alert_id ?? data?.alert_id]
  return ids.filter((id) => typeof id === 'string')
}
