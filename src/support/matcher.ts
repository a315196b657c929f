import { LinearPattern } from './linear-pattern.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'
export const MATCH_OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

/**
 * A comparison of a text as Alertmanager makes it: `=~` and `!~` take a pattern
 * of {@link LinearPattern} for the whole text. Throws an `Error` when the
 * pattern is wrong.
 */
export function matcher(operator: MatchOperator, value: string): (text: string) => boolean {
  switch (operator) {
    case '=':
      return (text) => text === value
    case '!=':
      return (text) => text !== value
    default: {
      const pattern = new LinearPattern(value)
      const wanted = operator === '=~'
      return (text) => pattern.test(text) === wanted
    }
  }
}
