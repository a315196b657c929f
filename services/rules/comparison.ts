import { type MatchOperator, matcher } from '../../src/index.ts'

const COMPARISON = /^\s*([\w.-]+)\s*(=~|!~|!=|<=|>=|=|<|>)\s*(.*?)\s*$/s

/** `field = value`, read: what stands in the field, and whether that fits. */
export interface Comparison {
  readonly field: string
  fits(value: unknown): boolean
}

/**
 * Reads `payload.source =~ test-.*` or `payload.total >= 100`. Words are compared as
 * a whole and in linear time, and what is not there is empty; `<`, `<=`, `>` and `>=`
 * compare numbers, and what is none does not fit. Throws an `Error` that says what is wrong.
 */
export function parseComparison(text: string, fields: RegExp, known: string): Comparison {
  const [, field, operator = '', written = ''] = COMPARISON.exec(text) ?? []
  if (field === undefined || !fields.test(field)) {
    throw new Error(`say "<field> = value", field being ${known}`)
  }
  const value = unquoted(written)
  const compare = ORDERS[operator]
  if (compare === undefined) {
    const isMatch = matcher(operator as MatchOperator, value)
    return { field, fits: (found) => isMatch(asText(found)) }
  }
  const limit = numberIn(value)
  if (limit === null) throw new Error(`${operator} compares numbers: say "${field} ${operator} 10"`)
  return {
    field,
    fits(found) {
      const number = numberIn(found)
      return number !== null && compare(number, limit)
    },
  }
}

/** A value as conditions compare it. */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Names come from people: they must not reach what every object inherits. */
export function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

const ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function numberIn(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : null
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value
}
