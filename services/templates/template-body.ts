import { z } from 'zod'
import { CHANNELS } from '../deliveries/channel-policy.ts'
import { flowFields } from '../flows/flow-fields.ts'
import type {
  LocaleTexts,
  TemplateChannel,
  TemplateFields,
  TemplateText,
} from './template-record.ts'

const CHANNEL_WORDS = [...CHANNELS, 'default', 'database', 'mail'] as const
const LOCALE = /^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*$/

const Text = z.strictObject({
  title: z.string().optional(),
  message: z.string().optional(),
  html: z.string().optional(),
})
const Channels = z
  .partialRecord(
    z.enum(CHANNEL_WORDS, { error: `must be one of ${CHANNEL_WORDS.join(', ')}` }),
    Text,
  )
  .transform((given): LocaleTexts => {
    const entries = Object.entries(given).map(([name, text]) => [ALIASES[name] ?? name, text])
    return Object.fromEntries(entries) as LocaleTexts
  })
const Locale = z.string().max(35).regex(LOCALE, 'must be a locale such as en or fr-CA')

const Variant = z.strictObject({
  weight: z.int().min(0).max(10_000).default(1),
  locales: z.record(Locale, Channels).default({}),
})

/** Other words for a template's channels. */
const ALIASES: Readonly<Record<string, TemplateChannel>> = { database: 'default', mail: 'email' }

/**
 * A template as somebody writes it: texts for every locale, or for the default
 * one alone (`channels`), or only title and message. What is not given stays.
 */
export const TemplateBody = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  event_type: z.string().trim().min(1).max(50).nullish(),
  display_name: z.string().trim().min(1).max(200).optional(),
  notification_type: z.enum(['info', 'success', 'warning', 'error']).optional(),
  is_active: z.boolean().optional(),
  critical: z.boolean().optional(),
  permitted_params: z
    .union([z.array(z.string()), z.string()], { error: 'must be a list of names' })
    .transform((given) => {
      const names = Array.isArray(given) ? given : given.split(/[,\s]+/)
      return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]
    })
    .optional(),
  default_locale: Locale.optional(),
  title_template: z.string().optional(),
  message_template: z.string().optional(),
  channels: Channels.optional(),
  locales: z.record(Locale, Channels).optional(),
  category: z.string().trim().min(1).max(50).nullish(),
  preferences: z.partialRecord(z.enum([...CHANNELS, 'database']), z.boolean()).optional(),
  ...flowFields,
  variants: z
    .record(z.string().regex(/^[\w-]{1,20}$/, 'must be a short name'), Variant)
    .refine((given) => Object.keys(given).length <= 10, 'at most 10')
    .optional(),
})

export const OPTIONS = [
  'category',
  'preferences',
  'digest',
  'throttle',
  'fallback',
  'require_ack',
  'variants',
] as const satisfies (keyof TemplateFields)[]
type OptionName = (typeof OPTIONS)[number]

export type TemplateChanges = z.output<typeof TemplateBody>

/** What a template says after `changes`; `null` before there was one. Nothing is checked here. */
export function withChanges(before: TemplateFields | null, changes: TemplateChanges): Draft {
  const eventType = changes.event_type === undefined ? before?.event_type : changes.event_type
  const name = changes.name ?? before?.name ?? eventType ?? ''
  const locale = changes.default_locale ?? before?.default_locale ?? 'en'
  return {
    name,
    event_type: eventType ?? null,
    display_name: changes.display_name ?? before?.display_name ?? name,
    notification_type: changes.notification_type ?? before?.notification_type ?? 'info',
    is_active: changes.is_active ?? before?.is_active ?? true,
    critical: changes.critical ?? before?.critical ?? false,
    ...paramsOf(before, changes),
    default_locale: locale,
    locales: withTexts(changes.locales ?? before?.locales ?? {}, locale, changes),
    ...optionsOf(before),
    ...optionsOf(changes),
  }
}

/** Once somebody has said which there are, a change of words alone adds none. */
function paramsOf(before: TemplateFields | null, { permitted_params: given }: TemplateChanges) {
  const known = given ?? (before?.params_given ? before.permitted_params : null)
  return { permitted_params: known, ...(known === null ? {} : { params_given: true as const }) }
}

/** What a template may have besides its words; what is not said is left out. */
function optionsOf(given: Pick<TemplateFields, OptionName> | TemplateChanges | null) {
  const named = OPTIONS.filter((name) => given?.[name] !== undefined)
  return Object.fromEntries(named.map((name) => [name, given?.[name]])) as Pick<
    TemplateFields,
    OptionName
  >
}

/** `permitted_params` is `null` where nobody said which there are. */
export type Draft = Omit<TemplateFields, 'permitted_params'> & {
  readonly permitted_params: readonly string[] | null
}

function withTexts(
  locales: TemplateFields['locales'],
  locale: string,
  { channels = {}, title_template: title, message_template: message }: TemplateChanges,
): TemplateFields['locales'] {
  const before = locales[locale] ?? {}
  const plain: TemplateText = {
    ...before.default,
    ...channels.default,
    ...(title === undefined ? {} : { title }),
    ...(message === undefined ? {} : { message }),
  }
  const after = {
    ...before,
    ...channels,
    ...(Object.keys(plain).length > 0 ? { default: plain } : {}),
  }
  return { ...locales, [locale]: after }
}
