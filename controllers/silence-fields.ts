/**
 * What silences may say.
 *
 * @module
 */

import { z } from 'zod'
import {
  type LabelMatcher,
  matcherOf,
  matchesNothingInParticular,
  readMatcher,
} from '../services/noise/label-matcher.ts'
import { duration, MATCH_OPERATORS } from '../src/index.ts'
import { moment, requiredText, safeId, userId } from './fields.ts'
import { timeOfDay, timeZone } from './schedule-fields.ts'

const MOST_MATCHERS = 50
const FORM = 'must be name="value", with = != =~ or !~, or {name, operator, value}'

const MatcherFields = z.object({
  name: z.string().min(1).max(100),
  operator: z.enum(MATCH_OPERATORS as [LabelMatcher['operator']]).default('='),
  value: z.string().max(512),
})

/** Conditions on labels, as objects or written as Alertmanager does: `source=~"pump-.*"`. */
export function matchers() {
  const written = z.string({ error: FORM }).transform((text, check): LabelMatcher => {
    const read = readMatcher(text)
    if (read !== null) return read
    check.addIssue({ code: 'custom', message: FORM })
    return z.NEVER
  })
  return z
    .array(z.union([MatcherFields, written], { error: FORM }))
    .max(MOST_MATCHERS)
    .superRefine((list, check) => {
      for (const [index, one] of list.entries()) {
        const reason = reasonAgainst(one)
        if (reason !== null) check.addIssue({ code: 'custom', path: [index], message: reason })
      }
    })
}

function reasonAgainst(one: LabelMatcher): string | null {
  try {
    matcherOf([one])
    return null
  } catch (error) {
    return error instanceof Error ? error.message : 'is no pattern'
  }
}

const RecurrenceFields = z.object({
  weekdays: z.array(z.number().int().min(1).max(7)).max(7).default([]),
  start: timeOfDay(),
  end: timeOfDay(),
  time_zone: timeZone().default('UTC'),
})

/** A silence; `for` says how long in place of `ends_at`. */
export const SilenceBody = z
  .object({
    id: safeId().optional(),
    matchers: matchers().default([]),
    affected_systems: z.array(z.string().min(1).max(200)).max(100).default([]),
    starts_at: moment().nullish(),
    ends_at: moment().nullish(),
    for: duration().nullish(),
    recurrence: RecurrenceFields.nullable().default(null),
    created_by: userId().nullish(),
    comment: requiredText('Comment is required: say why it is quiet', 1000),
    expire_on_resolve: z.boolean().default(false),
    notify_on_end: z.boolean().default(true),
  })
  .refine(
    ({ ends_at, for: lasts, recurrence }) =>
      recurrence === null
        ? (ends_at == null) !== (lasts == null)
        : ends_at == null || lasts == null,
    { path: ['ends_at'], message: 'say ends_at or for; only what recurs may leave both out' },
  )
  .refine(
    ({ matchers: list, affected_systems }) => affected_systems.length > 0 || isParticular(list),
    { path: ['matchers'], message: 'must not match every alert: name a label that is not empty' },
  )

/** Whether conditions leave anything out. */
export function isParticular(list: readonly LabelMatcher[]): boolean {
  try {
    return !matchesNothingInParticular(list)
  } catch {
    // The pattern is complained about where it stands.
    return true
  }
}

/** Which of them. */
export const SilencesQuery = z.object({
  state: z.enum(['pending', 'active', 'expired']).optional(),
})
