import { createHash } from 'node:crypto'
import type { StoredAlert } from '../alerts/alert-record.ts'
import { type Labelled, type LabelMatcher, labelOf, matcherOf } from './label-matcher.ts'

/** While an alert of the source side is open, those of the target side with equal labels tell nobody. */
export interface InhibitionRule {
  readonly id: string
  readonly name: string
  readonly source_matchers: readonly LabelMatcher[]
  readonly target_matchers: readonly LabelMatcher[]
  /** Labels that must be the same on both; what is missing is the same as what is empty. */
  readonly equal: readonly string[]
}

interface Sides {
  readonly isSource: (alert: Labelled) => boolean
  readonly isTarget: (alert: Labelled) => boolean
}

const compiled = new WeakMap<InhibitionRule, Sides>()

function sidesOf(rule: InhibitionRule): Sides {
  const known = compiled.get(rule) ?? {
    isSource: matcherOf(rule.source_matchers),
    isTarget: matcherOf(rule.target_matchers),
  }
  compiled.set(rule, known)
  return known
}

/** Under which names an alert is found by those that it inhibits: one per rule whose source it is. */
export function inhibitingNames(rules: readonly InhibitionRule[], alert: Labelled): string[] {
  return rules.filter((rule) => sidesOf(rule).isSource(alert)).map((rule) => nameOf(rule, alert))
}

/** The rules by which an alert may be inhibited, each with the name under which sources are found. */
export function inhibitedNames(
  rules: readonly InhibitionRule[],
  alert: Labelled,
): { readonly rule: InhibitionRule; readonly name: string }[] {
  return rules
    .filter((rule) => sidesOf(rule).isTarget(alert))
    .map((rule) => ({ rule, name: nameOf(rule, alert) }))
}

/** Whether one alert keeps another quiet; two that match both sides never do that to each other. */
export function inhibits(rule: InhibitionRule, source: StoredAlert, target: StoredAlert): boolean {
  const { isSource, isTarget } = sidesOf(rule)
  if (source.id === target.id || source.status === 'resolved') return false
  if (!isSource(source) || !isTarget(target)) return false
  if (isSource(target) && isTarget(source)) return false
  return nameOf(rule, source) === nameOf(rule, target)
}

function nameOf({ id, equal }: InhibitionRule, alert: Labelled): string {
  const values = equal.map((name) => [...labelOf(alert, name)].sort().join('\0'))
  return createHash('sha256')
    .update(JSON.stringify([id, ...values]))
    .digest('hex')
    .slice(0, 32)
}
