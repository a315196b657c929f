import { z } from 'zod'
import { CHANNELS, ownChannels } from '../services/deliveries/channel-policy.ts'
import { type ChannelSwitches, WISHES } from '../services/directory/preferences.ts'
import {
  isEverAvailable,
  isTimeZone,
  type QuietHours,
  WEEKDAYS,
} from '../services/directory/quiet-hours.ts'
import { duration } from '../src/index.ts'
import { moment } from './fields.ts'

const words = Object.keys(WISHES) as (keyof typeof WISHES)[]
const Word = z.enum(words, { error: `must be one of ${words.join(', ')}, or channels` })

const switchable: readonly string[] = [...CHANNELS, 'database', 'mail']
const ByChannel = z.record(z.string(), z.boolean()).superRefine((given, check) => {
  for (const name of Object.keys(given)) {
    if (switchable.includes(name) || ownChannels.has(name)) continue
    const message = `is no channel: ${switchable.join(', ')}, or in their place ${words.join(', ')}`
    check.addIssue({ code: 'custom', path: [name], message })
  }
})

/** Channels by name, those that the application added too, or one of seed 003's words. */
const Switches = z.union([Word, ByChannel]).transform((given): ChannelSwitches => {
  if (typeof given === 'string') return WISHES[given]
  const { mail, ...switches } = given
  return mail === undefined ? switches : { ...switches, email: mail }
})

const ByName = z
  .record(z.string().min(1).max(50), Switches)
  .refine((given) => Object.keys(given).length <= 200, 'at most 200')

/** A seed's flag → the channel that it switches, everywhere or in one category. */
const FLAGS = {
  push_notifications_enabled: { channel: 'push', category: null },
  sms_notifications_enabled: { channel: 'sms', category: null },
  email_notifications_enabled: { channel: 'email', category: null },
  marketing_emails_enabled: { channel: 'email', category: 'marketing' },
} as const

const preferenceFields = {
  muted_types: z.array(z.string().max(50)).max(200).optional(),
  types: ByName.optional(),
  categories: ByName.optional(),
  product_notifications: Word.optional(),
}

const OwnFields = z.object(preferenceFields).catchall(z.boolean())

type Given = z.output<typeof OwnFields>

function inOurWords({ product_notifications: product, ...given }: Given) {
  const switches: Record<string, unknown> = {}
  const categories: Record<string, ChannelSwitches> = { ...given.categories }
  if (product !== undefined) categories.product = WISHES[product]
  for (const [name, value] of Object.entries(given)) {
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name as keyof typeof FLAGS] : null
    if (name === 'mail') switches.email = value
    else if (flag === null) switches[name] = value
    else if (flag.category === null) switches[flag.channel] = value
    else {
      const before = categories[flag.category]
      categories[flag.category] = { ...before, [flag.channel]: value === true }
    }
  }
  return Object.keys(categories).length > 0 ? { ...switches, categories } : switches
}

/** What a user wants, in our words or in those of the seeds. */
export const PreferencesBody = OwnFields.transform(inOurWords)

const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:00')
const Days = z.array(z.enum(WEEKDAYS)).min(1).max(7)
const Day = z.object({
  is_enabled: z.boolean().default(true),
  hours: z.array(z.object({ start: Time, end: Time })).max(10),
})

/**
 * Quiet from `start` to `end` on `days`, or the other way round: `weekly` says
 * when somebody may be disturbed.
 */
export const QuietHoursBody = z
  .object({
    is_enabled: z.boolean().default(true),
    timezone: z
      .string()
      .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Paris')
      .nullish(),
    mode: z.enum(['hold', 'drop', 'digest']).default('hold'),
    start: Time.optional(),
    end: Time.optional(),
    days: Days.default([...WEEKDAYS]),
    weekly: z.partialRecord(z.enum(WEEKDAYS), Day).nullish(),
  })
  .transform((body, check): QuietHours => {
    const { is_enabled, mode, start, end, days, weekly = null } = body
    const fault = (path: string, message: string) => {
      check.addIssue({ code: 'custom', path: [path], message })
      return z.NEVER
    }
    const common = { is_enabled, timezone: body.timezone ?? null, mode }
    if (weekly !== null && (start ?? end) !== undefined) {
      return fault('weekly', 'say either start and end, or weekly')
    }
    if ((start === undefined) !== (end === undefined)) {
      return fault(start === undefined ? 'start' : 'end', 'start and end belong together')
    }
    const quiet = start === undefined || end === undefined ? null : { start, end, days }
    if (is_enabled && quiet === null && weekly === null) return fault('start', 'start is required')
    const hours: QuietHours = { ...common, quiet, weekly }
    return isEverAvailable(hours) ? hours : fault('weekly', 'there must be some time without quiet')
  })

/** What people want who say nothing else. */
export const DefaultsBody = z
  .object({ ...preferenceFields, quiet_hours: QuietHoursBody.nullable().optional() })
  .catchall(z.boolean())
  .transform(inOurWords)

const thread = z.string().min(1).max(128)

/** Until a moment, for a time, or for good where neither is said. */
export const MuteBody = z.strictObject({
  thread,
  until: moment().nullish(),
  for: duration().nullish(),
})

export const UnmuteBody = z.strictObject({ thread })
