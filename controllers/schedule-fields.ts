/**
 * What schedules and escalation policies may say.
 *
 * @module
 */

import { z } from 'zod'
import { ROTATION_TYPES } from '../services/alerts/rotation.ts'
import { CHANNELS } from '../services/deliveries/channel-policy.ts'
import { isoTime } from '../src/index.ts'
import { alsoNamed } from './as-written.ts'
import { channels, moment, safeId, userId } from './fields.ts'

const MOST_DELAY_MINUTES = 9000
const MOST_GROUP_SECONDS = 86_400
const MOST_REPEAT_SECONDS = 30 * 86_400
const SEVERITIES = ['critical', 'warning', 'info'] as const

const isoMoment = () => moment().transform((at) => isoTime(at))
const name = () => z.string().min(1).max(200)
/** A time of a day by the clock on the wall. */
export const timeOfDay = () => z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')

/** A zone of the IANA database, `Europe/Berlin`. */
export function timeZone() {
  return z.string().max(100).refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const RotationFields = z.object({
  type: z.enum(ROTATION_TYPES),
  shift_length: z.number().int().min(1).max(1000).default(1),
  starts_at: isoMoment(),
  participants: z.array(userId()).min(1).max(100),
})

const RuleFields = z
  .object({
    user_id: userId().nullable().default(null),
    rotation: RotationFields.nullable().default(null),
    weekdays: z.array(z.number().int().min(1).max(7)).max(7).default([]),
    start: timeOfDay().default('00:00'),
    end: timeOfDay().default('00:00'),
  })
  .refine(
    ({ user_id, rotation }) => (user_id === null) !== (rotation === null),
    'say user_id or rotation',
  )

/** An override of a schedule: somebody is added, removed or takes a place for a while. */
export const OverrideBody = z
  .object({
    type: z.enum(['add', 'remove', 'replace']),
    user_id: userId(),
    replaces: userId().nullable().default(null),
    starts_at: isoMoment(),
    ends_at: isoMoment(),
  })
  .refine(({ starts_at, ends_at }) => starts_at < ends_at, 'must end after it starts')

/** A schedule without its overrides. */
export const ScheduleBody = alsoNamed(
  { timezone: 'time_zone' },
  z.object({
    id: safeId().optional(),
    name: name(),
    time_zone: timeZone().default('UTC'),
    alert_types: z.array(safeId('type')).max(100).nullable().default([]),
    rules: z.array(RuleFields).max(100).default([]),
  }),
)

const TargetFields = z.union([
  z.object({ type: z.enum(['user', 'group', 'role', 'schedule']), id: safeId() }),
  z.object({ type: z.literal('oncall'), id: safeId('type').nullable().default(null) }),
])

/** Whole numbers from `least` to `most`. */
const numbers = (least: number, most: number) =>
  z.array(z.number().int().min(least).max(most)).max(100).default([])

const TimesOfDay = z
  .object({
    start: timeOfDay(),
    end: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be HH:MM, at most 24:00'),
  })
  .refine(({ start, end }) => start < end, {
    path: ['end'],
    message: 'must be after start; what goes past midnight is two: until 24:00 and from 00:00',
  })

/** When a policy tells nobody, or somebody; what is left out does not matter. */
const IntervalFields = z.strictObject({
  times: z.array(TimesOfDay).max(20).default([]),
  weekdays: numbers(1, 7),
  days_of_month: z
    .array(
      z
        .number()
        .int()
        .min(-31)
        .max(31)
        .refine((day) => day !== 0, 'must not be 0'),
    )
    .max(62)
    .default([]),
  months: numbers(1, 12),
  years: numbers(1970, 9999),
  time_zone: timeZone().default('UTC'),
})

/** An escalation policy. */
export const PolicyBody = z.object({
  id: safeId()
    .refine((id) => id !== 'default', 'default is the name of the policy that is always there')
    .optional(),
  name: name(),
  alert_types: z.array(safeId('type')).max(100).default([]),
  severities: z.array(z.enum(SEVERITIES)).max(3).default([]),
  steps: z
    .array(
      z.object({
        targets: z.array(TargetFields).min(1).max(50),
        delay_minutes: z.number().min(1).max(MOST_DELAY_MINUTES).default(5),
        channels: channels(),
        multi_ack: z.boolean().default(false),
      }),
    )
    .min(1)
    .max(20),
  repeat: z.number().int().min(-1).max(5).default(3),
  group_by: z.array(z.string().min(1).max(100)).max(20).default(['alert_type', 'source']),
  group_wait_seconds: z.number().min(0).max(MOST_GROUP_SECONDS).nullable().default(null),
  group_interval_seconds: z.number().min(0).max(MOST_GROUP_SECONDS).nullable().default(null),
  repeat_interval_seconds: z.number().min(30).max(MOST_REPEAT_SECONDS).nullable().default(null),
  send_resolved: z.boolean().default(true),
  ack_timeout_minutes: z.number().min(1).max(MOST_DELAY_MINUTES).nullable().default(null),
  mute_times: z.array(IntervalFields).max(20).default([]),
  active_times: z.array(IntervalFields).max(20).default([]),
})

/** At which moment, and for which type of alert. */
export const OnCallQuery = z.object({
  at: moment().optional(),
  type: safeId('type').optional(),
})

/** From which moment, and for how many days. */
export const ShiftsQuery = z.object({
  from: moment().optional(),
  days: z.coerce.number().int().min(1).max(31).default(14),
})

/** How somebody wants to hear of alerts, all rules at once. */
export const NotificationRulesBody = z.object({
  rules: z
    .array(
      z.object({
        channel: z.enum(CHANNELS),
        delay_minutes: z.number().min(0).max(MOST_DELAY_MINUTES).default(0),
        severity: z.enum(SEVERITIES).nullable().default(null),
      }),
    )
    .max(50),
})

/** Which address of a profile is to be proved. */
export const ContactBody = z.object({ kind: z.enum(['email', 'phone']) })

/** The code that was sent to it. */
export const ContactCodeBody = z.object({
  kind: z.enum(['email', 'phone']),
  code: z.string().regex(/^\d{6}$/, 'must be the six digits that were sent'),
})
