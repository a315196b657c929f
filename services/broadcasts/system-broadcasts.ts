import { isoTime, type Priority } from '../../src/index.ts'
import { adminRole, type NamedBroadcast } from './named-broadcast.ts'

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

const PRIORITY: Readonly<Record<Severity, Priority>> = {
  low: 'normal',
  medium: 'normal',
  high: 'high',
  critical: 'critical',
}

/** Something that only the highest administrators may hear of; it never waits behind the rest. */
export function securityAlert(
  type: string,
  message: string,
  severity: Severity,
  details: Readonly<Record<string, unknown>>,
): NamedBroadcast {
  const roles = ['super_admin']
  return {
    kind: 'security-alert',
    event: 'security.alert',
    channels: ['security-alerts', ...roles.map(adminRole)],
    title: 'Security alert',
    message,
    priority: PRIORITY[severity],
    isCritical: true,
    roles,
    data: { alert_type: type, severity, details },
  }
}

export type MaintenanceStage = 'scheduled' | 'started' | 'completed'

/** What is announced of a maintenance. */
export interface MaintenanceNews {
  readonly stage: MaintenanceStage
  /** Epoch milliseconds. */
  readonly scheduledFor: number
  readonly durationMinutes: number
  readonly services: readonly string[]
  readonly message: string | null
}

/** `channels`: who is told; `system-maintenance` hears of it from the announcement itself. */
export function maintenance(news: MaintenanceNews, channels: readonly string[]): NamedBroadcast {
  const { stage, scheduledFor, durationMinutes, services, message } = news
  const what = services.length === 0 ? 'everything' : services.join(', ')
  const from = `${isoTime(scheduledFor)}, ${durationMinutes} minutes`
  return {
    kind: 'maintenance',
    event: `maintenance.${stage}`,
    channels,
    title: `Maintenance ${stage}`,
    message: message ?? `Maintenance of ${what} ${stage}: ${from}.`,
    priority: 'normal',
    isCritical: stage !== 'completed',
    roles: ['super_admin', 'csr_admin'],
    data: {
      stage,
      scheduled_for: isoTime(scheduledFor),
      duration_minutes: durationMinutes,
      services,
    },
  }
}

/** A rule that was not kept, or may not be. */
export function complianceIssue(
  type: string,
  message: string,
  severity: Severity,
  details: Readonly<Record<string, unknown>>,
): NamedBroadcast {
  return {
    kind: 'compliance',
    event: 'compliance.issue',
    channels: ['compliance-notifications', adminRole('super_admin'), adminRole('csr_admin')],
    title: 'Compliance issue',
    message,
    priority: PRIORITY[severity],
    isCritical: severity === 'critical',
    roles: ['super_admin', 'csr_admin'],
    data: { issue_type: type, severity, details },
  }
}

/** A word to the administrators of a role, or to whoever looks at the dashboard (`role` is `null`). */
export function adminNotice({
  role,
  ...notice
}: {
  readonly role: string | null
  readonly title: string
  readonly message: string
  readonly priority: Priority
  readonly data: Readonly<Record<string, unknown>>
}): NamedBroadcast {
  return {
    ...notice,
    kind: 'general',
    event: 'notification.created',
    channels: role === null ? ['admin-dashboard'] : [adminRole(role)],
    isCritical: notice.priority === 'critical',
    roles: role === null ? [] : [role],
  }
}
