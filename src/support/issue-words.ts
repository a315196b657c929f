import type { z } from 'zod'
import type { Issue } from './errors.ts'

type Fault = z.core.$ZodRawIssue

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
}

const UNITS: Readonly<Record<string, string>> = {
  array: 'entries',
  object: 'fields',
  string: 'characters',
}

/** What a schema says of a fault where it has no words of its own: what would be right. For `safeParse`. */
export const inOurWords = { error: wordsFor } as const

/** A fault as the wire tells it. */
export function toIssue(issue: z.core.$ZodIssue): Issue {
  return { path: issue.path.map(String).join('.'), message: issue.message }
}

function wordsFor(fault: Fault): string | undefined {
  if (fault.input === undefined && fault.path?.length !== 0) return 'is required'
  switch (fault.code) {
    case 'invalid_type':
      return `must be ${KINDS[fault.expected] ?? fault.expected}`
    case 'invalid_value':
      return `must be one of ${fault.values.map(String).join(', ')}`
    case 'too_big':
      return bound('at most', fault.maximum, fault.origin)
    case 'too_small':
      return bound('at least', fault.minimum, fault.origin)
    case 'unrecognized_keys':
      return `has no field ${fault.keys.join(', ')}`
    case 'invalid_union':
      return ofUnion(fault)
    default:
      return undefined
  }
}

function bound(which: string, limit: number | bigint, origin: string): string {
  const unit = UNITS[origin]
  return unit ? `must have ${which} ${limit} ${unit}` : `must be ${which} ${limit}`
}

/** Each shape that it might have had says first what it misses. */
function ofUnion(fault: Extract<Fault, { code: 'invalid_union' }>): string | undefined {
  if (fault.options)
    return `must be one of ${(fault.options as readonly unknown[]).map(String).join(', ')}`
  const firsts = fault.errors.flatMap(([first]) => (first ? [first] : []))
  const words = firsts.map(({ path, message }) => `${path.join('.')} ${message}`.trim())
  return words.length > 0 ? [...new Set(words)].join(', or ') : undefined
}
