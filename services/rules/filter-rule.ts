import { z } from 'zod'
import type { Context } from '../../src/index.ts'
import { Condition } from './condition.ts'

const NAME = /^[A-Za-z_]\w{0,63}$/

const base = {
  name: z.string().min(1).max(64),
  /** All must hold; none: every message. */
  match: z.array(Condition).max(20).default([]),
}

/**
 * One rule as `rules.yml` writes it, compiled: `match` holds conditions such as
 * `payload.source =~ test-.*`, compared as a whole and in linear time; a field
 * that is not there is empty. `allow` and `drop` decide, the others go on.
 */
export const FilterRule = z.discriminatedUnion('action', [
  z.strictObject({
    ...base,
    action: z.literal('allow'),
    /** Lets messages pass that the broker kept and replayed, too. */
    retained: z.literal('accept').optional(),
  }),
  z.strictObject({ ...base, action: z.literal('drop') }),
  z.strictObject({
    ...base,
    action: z.literal('tag'),
    tags: z.array(z.string().min(1).max(64)).min(1).max(20),
  }),
  z.strictObject({
    ...base,
    action: z.literal('set'),
    set: z.record(z.string().regex(NAME), z.json()),
  }),
  /** Keeps this share of the messages, 0 to 1, and drops the rest. */
  z.strictObject({ ...base, action: z.literal('sample'), rate: z.number().min(0).max(1) }),
])

export const FilterRules = z.array(FilterRule).max(500)

export type CompiledRule = z.output<typeof FilterRule>

/** Whether every condition of a rule holds. */
export function applies(rule: CompiledRule, context: Context): boolean {
  return rule.match.every((holds) => holds(context))
}
