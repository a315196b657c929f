import type { AlertJob } from '../alerts/alert-job.ts'
import { type AlertReport, originOf, type StoredAlert } from '../alerts/alert-record.ts'
import { type Identity, ownWork } from '../notifications/acceptance.ts'

/** So many alerts of one source that nobody answered are told; what comes above them waits (GoAlert's figure). */
export const UNANSWERED_LIMIT = 200
/** How often it is looked whether enough were answered. */
export const LIMIT_AGAIN_MS = 5 * 60_000

/** One alert in place of all those above the limit, to whoever those would have gone to. */
export function limitReport(alert: StoredAlert): AlertReport {
  const origin = originOf(alert)
  return {
    type: alert.type,
    severity: alert.severity,
    message: `Limit reached: ${UNANSWERED_LIMIT} ${alert.severity} alerts of ${origin} wait for an answer. Further ones are listed, and told when some of these are acknowledged or resolved.`,
    source: null,
    affectedSystems: alert.affected_systems,
    labels: { limit_reached: origin },
    data: {},
    dedupKey: null,
    limitOf: `${alert.severity} ${origin}`,
  }
}

/** Says once that a source is over its limit; before the first of what is above it is put off. */
export async function reportStorm(
  job: AlertJob,
  alert: StoredAlert,
  alerts: { raise(report: AlertReport, identity: Identity): Promise<unknown> },
): Promise<void> {
  if (!alert.limited || job.kind !== 'notify' || job.muted_by !== undefined) return
  await alerts.raise(limitReport(alert), ownWork)
}
