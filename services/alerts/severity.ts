export type Severity = 'critical' | 'warning' | 'info'

const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'info']

/** The worst of some severities; of none it is `info`. */
export function worstSeverity(severities: readonly Severity[]): Severity {
  return WORST_FIRST.find((severity) => severities.includes(severity)) ?? 'info'
}

/** Whether one severity is worse than another. */
export function isWorse(severity: Severity, than: Severity): boolean {
  return WORST_FIRST.indexOf(severity) < WORST_FIRST.indexOf(than)
}
