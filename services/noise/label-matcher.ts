import { type MatchOperator, matcher } from '../../src/index.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'

/** A condition on one label of an alert, as Alertmanager writes it: `source=~"pump-.*"`. */
export interface LabelMatcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
}

/** What of an alert can be matched. */
export type Labelled = Pick<
  StoredAlert,
  'type' | 'severity' | 'source' | 'affected_systems' | 'labels'
>

const WRITTEN = /^\s*([A-Za-z_][\w.-]{0,99})\s*(=~|!~|!=|=)\s*(.*?)\s*$/s

/** Reads `name="value"`; the quotes may be left out. `null` when it is none. */
export function readMatcher(text: string): LabelMatcher | null {
  const [, name, operator, value = ''] = WRITTEN.exec(text) ?? []
  if (name === undefined) return null
  const quoted = /^"(.*)"$/s.exec(value)
  return { name, operator: operator as MatchOperator, value: quoted?.[1] ?? value }
}

/**
 * What an alert has under a name: `alert_type`, `source`, `severity` and
 * `affected_systems` are its own, every other one is a label. What is missing is
 * the same as what is empty.
 */
export function labelOf(alert: Labelled, name: string): readonly string[] {
  switch (name) {
    case 'alert_type':
    case 'type':
      return [alert.type]
    case 'severity':
      return [alert.severity]
    case 'source':
      return [alert.source ?? '']
    case 'affected_systems':
      return alert.affected_systems.length === 0 ? [''] : alert.affected_systems
    default:
      return [Object.hasOwn(alert.labels, name) ? (alert.labels[name] ?? '') : '']
  }
}

/** All conditions at once. Throws an `Error` when a pattern is wrong. */
export function matcherOf(matchers: readonly LabelMatcher[]): (alert: Labelled) => boolean {
  const tests = matchers.map(({ name, operator, value }) => {
    const test = matcher(operator, value)
    // Of several affected systems one may fit; none may be what must not be.
    const isNegative = operator.startsWith('!')
    return (alert: Labelled) => {
      const values = labelOf(alert, name)
      return isNegative ? values.every(test) : values.some(test)
    }
  })
  return (alert) => tests.every((test) => test(alert))
}

/** Whether they would match an alert without any label: whoever writes that forgot something. */
export function matchesNothingInParticular(matchers: readonly LabelMatcher[]): boolean {
  return matchers.every(({ operator, value }) => matcher(operator, value)(''))
}
