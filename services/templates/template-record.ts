import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { ChannelSwitches } from '../directory/preferences.ts'

/** What a template says on one channel; what is left out is said as in `default`. */
export interface TemplateText {
  readonly title?: string
  readonly message?: string
  /** Only for mails; parameters are escaped in it. */
  readonly html?: string
}

/** `default` is the inbox, and every channel that has no words of its own. */
export type TemplateChannel = ChannelName | 'default'
export type LocaleTexts = Readonly<Partial<Record<TemplateChannel, TemplateText>>>
export type NotificationType = 'info' | 'success' | 'warning' | 'error'

type WrittenOption = Readonly<Record<string, unknown>> | null

/** One of several wordings; what it does not say is said as in the template. */
export interface TemplateVariant {
  /** How many get it, in proportion to the others. */
  readonly weight: number
  readonly locales: Readonly<Record<string, LocaleTexts>>
}

/** A template as it is stored and as the wire shows it. */
export interface TemplateRecord {
  readonly id: string
  /** One of a kind; the event's type where nothing else was said. */
  readonly name: string
  readonly event_type: string | null
  /** What the notification is called where it cannot be rendered. */
  readonly display_name: string
  readonly notification_type: NotificationType
  readonly is_active: boolean
  /** What it says reaches people whatever they prefer, at any hour (contract §9). */
  readonly critical: boolean
  readonly permitted_params: readonly string[]
  /** Whether somebody said them; else they are those that it uses. */
  readonly params_given?: true
  readonly default_locale: string
  readonly locales: Readonly<Record<string, LocaleTexts>>
  /** For preferences, besides the first word of a dotted event type. */
  readonly category?: string | null
  /** Which channels people want of it who have not said it themselves. */
  readonly preferences?: ChannelSwitches
  /** What its messages are subject to, in the words of the wire. */
  readonly digest?: WrittenOption
  readonly throttle?: WrittenOption
  readonly fallback?: WrittenOption
  readonly require_ack?: WrittenOption
  /** Wordings to be compared: each user has one of them, always the same. */
  readonly variants?: Readonly<Record<string, TemplateVariant>>
  /** Counts up with every change. */
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
  /** A digest of the file that it came from; `null` when somebody wrote it by hand. */
  readonly source: string | null
}

/** What somebody says of a template; the rest is ours. */
export type TemplateFields = Omit<
  TemplateRecord,
  'id' | 'version' | 'created_at' | 'updated_at' | 'source'
>

/**
 * The locale in which a template speaks to somebody: his own (`fr-CA`), its
 * language (`fr`), the template's default.
 */
export function localeFor(
  { locales, default_locale }: Pick<TemplateRecord, 'locales' | 'default_locale'>,
  wanted: string | null,
): string {
  if (wanted !== null && Object.hasOwn(locales, wanted)) return wanted
  const known = new Map(Object.keys(locales).map((name) => [name.toLowerCase(), name]))
  for (let tag = (wanted ?? '').replaceAll('_', '-').toLowerCase(); tag !== ''; tag = parent(tag)) {
    const found = known.get(tag)
    if (found !== undefined) return found
  }
  return default_locale
}

/** What is said in one locale on one channel, its own words before those of `default`. */
export function textFor(texts: LocaleTexts, channel: TemplateChannel): TemplateText {
  return { ...texts.default, ...texts[channel] }
}

/** `fr-ca-x` → `fr-ca` → `fr` → nothing. */
function parent(tag: string): string {
  return tag.slice(0, Math.max(0, tag.lastIndexOf('-')))
}
