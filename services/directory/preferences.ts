import type { QuietHours } from './quiet-hours.ts'

/** Channel → whether it is wanted; a channel that is not named is decided elsewhere. */
export type ChannelSwitches = Readonly<Record<string, boolean>>

/**
 * What a user wants: for every channel, or for one type of event or one category
 * alone (seed: `_get_user_preferences`).
 */
export interface Preferences {
  readonly realtime: boolean
  readonly email: boolean
  readonly sms: boolean
  readonly push: boolean
  /** Types that he does not want to hear of at all. */
  readonly muted_types: readonly string[]
  readonly types: Readonly<Record<string, ChannelSwitches>>
  readonly categories: Readonly<Record<string, ChannelSwitches>>
  readonly quiet_hours: QuietHours | null
  /** What he does not want to hear of until a moment (ISO 8601; `null`: ever): threads by name. */
  readonly mutes: Readonly<Record<string, string | null>>
  /** Who said what, the nearest first; absent: all of it is his. */
  readonly layers?: readonly SaidPreferences[]
  /** Further channels, by name; on unless switched off. */
  readonly [channel: string]: unknown
}

/** What somebody has said of it; the rest is decided elsewhere. */
export type SaidPreferences = Partial<Preferences>

/** Of one user; what he muted first is forgotten first. */
const MOST_MUTES = 200

export const DEFAULT_PREFERENCES: Preferences = {
  realtime: true,
  email: true,
  sms: false,
  push: true,
  muted_types: [],
  types: {},
  categories: {},
  quiet_hours: null,
  mutes: {},
}

/** What a message is about, the most specific word first. */
export interface Subject {
  /** The event's type before the message's. */
  readonly types: readonly string[]
  readonly categories: readonly string[]
  /** The conversation, document or device that it belongs to. */
  readonly thread?: string
  /** What is wanted of such messages where nobody has said anything; else what is ours. */
  readonly defaults?: ChannelSwitches
}

/** Of whoever has said nothing. */
export const NOTHING_SAID: SaidPreferences = {}

const OURS_ALONE: Preferences = { ...DEFAULT_PREFERENCES, layers: [DEFAULT_PREFERENCES] }

/** Preferences as they are stored. */
export function saidIn(text: string | null | undefined): SaidPreferences {
  return text == null ? NOTHING_SAID : (JSON.parse(text) as SaidPreferences)
}

/** What counts for somebody: his own words, then those of his tenant, then ours. */
export function effective(own: SaidPreferences, defaults: SaidPreferences): Preferences {
  if (own === NOTHING_SAID && defaults === NOTHING_SAID) return OURS_ALONE
  return {
    ...DEFAULT_PREFERENCES,
    ...defaults,
    ...own,
    types: byName(defaults.types, own.types),
    categories: byName(defaults.categories, own.categories),
    quiet_hours: own.quiet_hours ?? defaults.quiet_hours ?? null,
    layers: [own, defaults, DEFAULT_PREFERENCES],
  }
}

/** The same without who said what. */
export function shownPreferences({ layers: _, ...preferences }: Preferences): Preferences {
  return preferences as Preferences
}

type Switches = Readonly<Record<string, ChannelSwitches>>

function byName(defaults: Switches = {}, own: Switches = {}): Switches {
  const merged = Object.entries(own).map(([name, switches]) => {
    return [name, { ...defaults[name], ...switches }]
  })
  return { ...defaults, ...Object.fromEntries(merged) }
}

/** Preferences after `changes`: types and categories one by one. */
export function withChanges(before: SaidPreferences, changes: SaidPreferences): SaidPreferences {
  const types = { ...before.types, ...changes.types }
  const categories = { ...before.categories, ...changes.categories }
  const mutes = withoutEnded({ ...before.mutes, ...changes.mutes })
  return { ...before, ...changes, types, categories, mutes }
}

/** Preferences with one channel off for a category, or for a type where there is none. */
export function withoutChannel(
  before: SaidPreferences,
  channel: string,
  { type, category }: { readonly type: string; readonly category: string | null },
): SaidPreferences {
  const off = { [channel]: false }
  const types = before.types ?? {}
  if (category === null) {
    return { ...before, types: { ...types, [type]: { ...types[type], ...off } } }
  }
  const categories = before.categories ?? {}
  const after = { ...categories, [category]: { ...categories[category], ...off } }
  // A wish for the type as such would win over the category.
  const wanted = types[type]?.[channel] === true ? { [type]: { ...types[type], ...off } } : {}
  return { ...before, categories: after, types: { ...types, ...wanted } }
}

/** A mute whose end is the beginning of time is taken back. */
function withoutEnded(mutes: Preferences['mutes']): Preferences['mutes'] {
  const left = Object.entries(mutes).filter(([, until]) => until === null || Date.parse(until) > 0)
  return Object.fromEntries(left.slice(-MOST_MUTES))
}

/**
 * Whether a user wants something on a channel: type before category before the
 * channel as such; what he said himself before his tenant's words, these before
 * what the message's own kind says, and that before ours.
 */
export function wants(preferences: Preferences, channel: string, subject: Subject): boolean {
  for (const said of preferences.layers ?? [preferences]) {
    const own = said === DEFAULT_PREFERENCES ? subject.defaults?.[channel] : undefined
    const answer = own ?? answerOf(said, channel, subject)
    if (answer !== null) return answer
  }
  return true
}

/** What somebody says of it; `null`: nothing. */
function answerOf(
  said: SaidPreferences,
  channel: string,
  { types, categories }: Subject,
): boolean | null {
  for (const type of types) {
    const answer = said.types?.[type]?.[channel]
    if (typeof answer === 'boolean') return answer
  }
  for (const category of categories) {
    const answer = said.categories?.[category]?.[channel]
    if (typeof answer === 'boolean') return answer
  }
  const answer = said[channel]
  return typeof answer === 'boolean' ? answer : null
}

/** Of what he does not want to hear: its type, or the thread that it belongs to; `null`: of neither. */
export function mutedPart(
  { muted_types: muted, mutes }: Preferences,
  { types, thread }: Subject,
  now: number,
): 'type' | 'thread' | null {
  if (types.some((type) => muted.includes(type))) return 'type'
  if (thread === undefined || !Object.hasOwn(mutes, thread)) return null
  const until = mutes[thread]
  return until == null || Date.parse(until) > now ? 'thread' : null
}

/** The subject of a message: its category is said in its data, or by the first word of a dotted type. */
export function subjectOf({
  type,
  data,
  template,
  thread = null,
  preferences,
}: {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly template?: {
    readonly eventType?: string | null
    readonly category?: string | null
    readonly preferences?: ChannelSwitches
  } | null
  readonly thread?: string | null
  readonly preferences?: ChannelSwitches
}): Subject {
  const eventType = template?.eventType
  const types = eventType == null ? [type] : [eventType, type]
  const said = [data.category, template?.category].filter((each) => typeof each === 'string')
  const dotted = types.filter((each) => each.includes('.')).map((each) => each.split('.')[0] ?? '')
  const defaults = preferences ?? template?.preferences
  return {
    ...{ types, categories: [...said, ...dotted] },
    ...(thread === null ? {} : { thread }),
    ...(defaults === undefined ? {} : { defaults }),
  }
}

/** The words of seed 003 as channels: the application, mails, both or none. */
export const WISHES = {
  Apps: { database: true, realtime: true, push: true, email: false },
  Email: { database: false, realtime: false, push: false, email: true },
  Both: { database: true, realtime: true, push: true, email: true },
  None: {
    ...{ database: false, realtime: false, push: false, email: false, sms: false, voice: false },
    ...{ slack: false, discord: false, webhook: false, mqtt: false },
  },
} as const satisfies Record<string, ChannelSwitches>
