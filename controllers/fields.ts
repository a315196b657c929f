/**
 * The fields that many payloads share: each turns what the wire carries into
 * what the services take.
 *
 * @module
 */

import { z } from 'zod'
import { CHANNELS, type ChannelName, ownChannels } from '../services/deliveries/channel-policy.ts'
import { isSafeId, PRIORITIES } from '../src/index.ts'

/** Epoch seconds above this are a moment after the year 5138: somebody sent milliseconds. */
const MOST_SECONDS = 1e11
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?$/i
const SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/
const MOMENT = 'must be epoch seconds or an ISO 8601 time'

/**
 * A moment as epoch seconds (a number, or its digits as text) or as ISO 8601
 * text; without an offset it is UTC. Output: epoch milliseconds.
 */
export function moment() {
  return z
    .union([z.number(), z.string()], { error: MOMENT })
    .transform((value, check) => {
      const at = momentOf(value)
      if (at !== null) return at
      check.addIssue({ code: 'custom', message: reasonAgainst(value) })
      return z.NEVER
    })
    .meta({ description: 'Epoch seconds, or ISO 8601 text (UTC where it has no offset)' })
}

function momentOf(value: number | string): number | null {
  if (typeof value === 'number' || SECONDS.test(value)) {
    const seconds = Number(value)
    return seconds >= 0 && seconds <= MOST_SECONDS ? Math.round(seconds * 1000) : null
  }
  const match = ISO_TIME.exec(value)
  if (!match) return null
  const time = value.length === 10 ? `${value}T00:00` : value.replace(' ', 'T')
  const at = Date.parse(match[1] ? time : `${time}Z`)
  return Number.isNaN(at) ? null : at
}

function reasonAgainst(value: number | string): string {
  return Number(value) > MOST_SECONDS ? `${MOMENT}; this looks like milliseconds` : MOMENT
}

/** How urgent a message is; `normal` unless it says so. */
export function priority() {
  return z.enum(PRIORITIES, { error: `must be one of ${PRIORITIES.join(', ')}` }).default('normal')
}

/** The id of a user, group, alert or anything else that stands in topics and keys. */
export function safeId(what = 'id') {
  return z
    .string({ error: `${what} is required` })
    .refine(isSafeId, `must be a valid ${what}: 1 to 128 letters, digits or _ - = @ . : | ~`)
}

/** The id of a user. */
export function userId() {
  return safeId('user id')
}

/**
 * The channels that a message names: one or a list, `mail` for `email`. The
 * inbox (`database`) is always used and may be named. Output: without it, each
 * once, or `null` when the message leaves the choice to us.
 */
export function channels() {
  const known = () => [...CHANNELS, 'database', ...ownChannels]
  const name = z
    .string()
    .refine((one) => one === 'mail' || known().includes(one), {
      error: () => `must be one of ${known().join(', ')}`,
    })
    .describe(`${[...CHANNELS, 'database'].join(', ')}, or a channel of your own`)
  return z
    .union([z.array(name).max(20), name.transform((one) => [one])], {
      error: () => `must be a list of ${known().join(', ')}`,
    })
    .nullish()
    .transform((names): readonly ChannelName[] | null => {
      if (names == null) return null
      const named = names.map((one) => (one === 'mail' ? 'email' : one))
      return [...new Set(named)].filter((one) => one !== 'database') as ChannelName[]
    })
}

/**
 * Makes the message one of a kind for 24 h. It keeps its name: `identityOf`
 * reads it from the validated payload.
 */
export function idempotencyKey() {
  return z.string().min(1).max(255).optional()
}

/** Text that must be there and not be empty; `message` says so. */
export function requiredText(message: string, max = 65_536) {
  return z
    .string({ error: (issue) => (issue.input == null ? message : 'must be text') })
    .refine((text) => text.trim() !== '', message)
    .max(max, `must be at most ${max} characters`)
}
