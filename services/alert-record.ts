import { createHash } from 'node:crypto'
import { isoTime } from '../src/index.ts'

export type Severity = 'critical' | 'warning' | 'info'
export type AlertStatus = 'triggered' | 'acknowledged' | 'snoozed' | 'resolved'

/** One line of an alert's history. */
export interface AlertLogEntry {
  readonly at: string
  readonly what: string
  readonly who: string | null
  readonly why: string | null
}

/** The record of contract §4 without count and log, which are kept beside it. */
export interface StoredAlert {
  readonly id: string
  readonly type: string
  readonly severity: Severity
  readonly status: AlertStatus
  readonly acknowledged: boolean
  readonly message: string
  readonly source: string | null
  readonly affected_systems: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, unknown>>
  readonly dedup_key: string
  readonly created_at: string
  readonly timestamp: number
  readonly acknowledged_by: string | null
  readonly acknowledged_at: string | null
  readonly resolved_by: string | null
  readonly resolved_at: string | null
  readonly policy: string | null
  readonly step: number
  readonly next_escalation_at: string | null
}

export interface AlertRecord extends StoredAlert {
  readonly count: number
  readonly last_seen_at: string
  readonly log: readonly AlertLogEntry[]
}

/** What a publisher says of something that must be looked after. */
export interface AlertReport {
  readonly type: string
  readonly severity: Severity
  readonly message: string
  readonly source: string | null
  readonly affectedSystems: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, unknown>>
  readonly dedupKey: string | null
}

/**
 * Which reports are one alert: the publisher's key, else type and source, and
 * the message only where there is no source (contract §9).
 */
export function dedupKeyOf({ type, source, message, dedupKey }: AlertReport): string {
  if (dedupKey !== null) return `user:1:${type}:${dedupKey}`
  const words = source === null ? [type, '', message] : [type, source]
  const hash = createHash('sha256').update(words.join('\0')).digest('hex')
  return `auto:1:${hash}`
}

/** A freshly triggered alert. */
export function makeAlert(id: string, report: AlertReport, now: number): StoredAlert {
  return {
    id,
    type: report.type,
    severity: report.severity,
    status: 'triggered',
    acknowledged: false,
    message: report.message,
    source: report.source,
    affected_systems: report.affectedSystems,
    labels: report.labels,
    data: report.data,
    dedup_key: dedupKeyOf(report),
    created_at: isoTime(now),
    timestamp: now / 1000,
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_by: null,
    resolved_at: null,
    policy: null,
    step: 0,
    next_escalation_at: null,
  }
}
