import { hash } from 'node:crypto'
import type { Context } from '../../src/index.ts'
import { asText } from './comparison.ts'
import { valueAt } from './condition.ts'
import type { Rule } from './rule.ts'
import type { Reading } from './rule-state.ts'

/** Seconds since 1970 stay below this for longer than anybody measures; milliseconds are above it. */
const MOST_SECONDS = 1e11

/** What a message says about a rule. */
export function observe(rule: Rule, context: Context): Reading {
  const value = valueAt(context, rule.value)
  return {
    matches: rule.conditions.every((holds) => holds(context)),
    number: numberOf(value),
    text: asText(value),
    at: rule.time === null ? null : momentOf(valueAt(context, rule.time)),
    mark: rule.acceptsRetained ? hash('sha256', asText(context.payload)).slice(0, 16) : null,
    isKept: context.retained,
  }
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

/** Seconds, milliseconds or ISO 8601 as epoch ms; `null` for what is no moment. */
function momentOf(value: unknown): number | null {
  const number = numberOf(value)
  if (number !== null) return number < MOST_SECONDS ? number * 1000 : number
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(moment) ? null : moment
}
