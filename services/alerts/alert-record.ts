import { createHash } from 'node:crypto'
import { isoTime } from '../../src/index.ts'
import type { Severity } from './severity.ts'

export type { Severity }
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
  /** Until when the acknowledgement holds; `null`: for good. */
  readonly acknowledged_until: string | null
  readonly snoozed_until: string | null
  readonly policy: string | null
  readonly step: number
  /** How often the policy began again. */
  readonly loop: number
  readonly next_escalation_at: string | null
  /** Whether nobody answered through the whole policy. */
  readonly exhausted: boolean
  /** Counts changes of state: work that was planned for an earlier one is not done. */
  readonly revision: number
  /** The revision in which it was last triggered; personal rules count from there. */
  readonly triggered_revision: number
  readonly triggered_at: string
  /** Whether the people of this step are being told, or were. */
  readonly notified: boolean
  /** The work that tells them. */
  readonly told_in: string | null
  /** When they were told, and with how many alerts of the group. */
  readonly told_at: string | null
  readonly told_with: number
  /** The group in which it is told; `null`: it is told by itself. */
  readonly group_key: string | null
  /** Under which names it is found by alerts that it keeps quiet. */
  readonly inhibits: readonly string[]
  /** Who acknowledged, where each of a step has to. */
  readonly acknowledged_users: readonly string[]
  /** Raised while it changed too often: nobody is told until it has settled. */
  readonly flapping: boolean
  /** Raised above the limit of its source: nobody is told until others were answered. */
  readonly limited: boolean
  /** Silenced by what tells nobody at its end: whoever reports it after that tells them. */
  readonly dropped: boolean
}

/** What happened to an alert, as the outside hears of it. */
export type AlertEvent =
  | 'triggered'
  | 'acknowledged'
  | 'unacknowledged'
  | 'snoozed'
  | 'returned'
  | 'worsened'
  | 'escalated'
  | 'exhausted'
  | 'resolved'

export interface AlertNews {
  readonly event: AlertEvent
  readonly alert: StoredAlert
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
  /** Says that a source is over its limit; which one. */
  readonly limitOf?: string
}

/**
 * Which reports are one alert: the publisher's key, else type and source, and
 * the message only where there is no source (contract §9).
 */
export function dedupKeyOf({ type, source, message, dedupKey, limitOf }: AlertReport): string {
  if (limitOf !== undefined) return `limit:1:${digest([limitOf])}`
  if (dedupKey !== null) return `user:1:${type}:${dedupKey}`
  const words = source === null ? [type, '', message] : [type, source]
  return `auto:1:${digest(words)}`
}

/** What of an alert says with which others it is counted. */
export type Counted = Pick<StoredAlert, 'source' | 'type' | 'severity'>

/** Whose unanswered alerts are counted together: those of a source, of a type where none is named. */
export function originOf({ source, type }: Pick<StoredAlert, 'source' | 'type'>): string {
  return source ?? `type ${type}`
}

/** A short name for an origin, which may be any text, and a severity: what only informs holds no critical one back. */
export function originHash(alert: Counted): string {
  return digest([alert.severity, originOf(alert)])
}

/** Whether somebody is still to answer: nobody has, or each has to for himself and he has not. */
export function asksOf(
  { status, acknowledged_users: answered }: StoredAlert,
  user: string | null,
): boolean {
  if (status === 'triggered') return true
  return status === 'acknowledged' && answered.length > 0 && !answered.includes(user ?? '')
}

function digest(words: readonly string[]): string {
  return createHash('sha256').update(words.join('\0')).digest('hex')
}

const UNANSWERED = {
  status: 'triggered',
  acknowledged: false,
  acknowledged_by: null,
  acknowledged_at: null,
  acknowledged_until: null,
  snoozed_until: null,
  step: 0,
  loop: 0,
  next_escalation_at: null,
  exhausted: false,
  notified: false,
  told_in: null,
  acknowledged_users: [],
  dropped: false,
} as const

/** The same alert at the beginning of its policy: nobody has answered. */
export function triggeredAgain(alert: StoredAlert, now: number): StoredAlert {
  const revision = alert.revision + 1
  const triggered = { revision, triggered_revision: revision, triggered_at: isoTime(now) }
  return { ...alert, ...UNANSWERED, ...triggered }
}

/** A stored alert; one of before there were steps stands at the first. */
export function parseAlert(text: string): StoredAlert {
  const alert = JSON.parse(text) as StoredAlert
  // Named first for their order: what every alert has is shown before what it may lack.
  const older = { ...OLDER, triggered_at: alert.created_at }
  return { ...alert, ...older, ...alert }
}

const OLDER = {
  acknowledged_until: null,
  snoozed_until: null,
  loop: 0,
  exhausted: false,
  revision: 0,
  triggered_revision: 0,
  notified: true,
  told_in: null,
  told_at: null,
  told_with: 1,
  group_key: null,
  inhibits: [],
  acknowledged_users: [],
  flapping: false,
  limited: false,
  dropped: false,
} as const

/** One line of an alert's history. */
export function logEntry(
  now: number,
  what: string,
  who: string | null,
  why: string | null,
): AlertLogEntry {
  return { at: isoTime(now), what, who, why }
}

/** A freshly triggered alert. */
export function makeAlert(
  id: string,
  report: AlertReport,
  { policy, now, limited }: { policy: string; now: number; limited: boolean },
): StoredAlert {
  return {
    id,
    type: report.type,
    severity: report.severity,
    message: report.message,
    source: report.source,
    affected_systems: report.affectedSystems,
    labels: report.labels,
    data: report.data,
    dedup_key: dedupKeyOf(report),
    created_at: isoTime(now),
    timestamp: now / 1000,
    resolved_by: null,
    resolved_at: null,
    ...UNANSWERED,
    policy,
    revision: 1,
    triggered_revision: 1,
    triggered_at: isoTime(now),
    told_at: null,
    told_with: 1,
    group_key: null,
    inhibits: [],
    flapping: false,
    limited,
  }
}
