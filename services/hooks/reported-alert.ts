import { isSafeId } from '../../src/index.ts'
import type { AlertReport, Severity } from '../alerts/alert-record.ts'

/** One alert of a tool that calls a hook: what it says, and whether it is over. */
export interface ReportedAlert {
  readonly state: 'firing' | 'acknowledged' | 'resolved'
  readonly report: AlertReport
}

const MESSAGE = 4000
const LABELS = 64
const LABEL_NAME = 100
const LABEL_VALUE = 1000
const DEDUP = 512

type Given = Omit<AlertReport, 'affectedSystems' | 'type'> & { readonly type: string }

/** A report within the limits of every other: a tool's words are cut, not refused. */
export function reportOf(given: Given): AlertReport {
  const labels = Object.entries(given.labels).slice(0, LABELS)
  return {
    type: typeOf(given.type),
    severity: given.severity,
    message: given.message.slice(0, MESSAGE) || given.type,
    source: given.source?.slice(0, 200) || null,
    affectedSystems: [],
    labels: Object.fromEntries(
      labels.map(([name, value]) => [name.slice(0, LABEL_NAME), value.slice(0, LABEL_VALUE)]),
    ),
    data: given.data,
    dedupKey: given.dedupKey?.slice(0, DEDUP) ?? null,
  }
}

/** `High Temperature!` → `High_Temperature_`: types are ids. */
function typeOf(name: string): string {
  const type = name
    .trim()
    .replace(/[^A-Za-z0-9_\-=@.:|~]/g, '_')
    .slice(0, 128)
  return isSafeId(type) ? type : 'alert'
}

/** The three severities for the many words that rules use; what is not known is a warning. */
export function severityOf(word: string | undefined): Severity {
  const known = (word ?? '').toLowerCase()
  if (['critical', 'page', 'emergency', 'fatal', 'disaster', 'p1', 'sev1'].includes(known)) {
    return 'critical'
  }
  return ['info', 'information', 'notice', 'none', 'low', 'ok', 'p4', 'p5'].includes(known)
    ? 'info'
    : 'warning'
}
