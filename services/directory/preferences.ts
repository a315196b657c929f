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
  /** Further channels, by name; on unless switched off. */
  readonly [channel: string]: unknown
}

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
}

/** Stored preferences over the defaults. */
export function parsePreferences(text: string): Preferences {
  return { ...DEFAULT_PREFERENCES, ...(JSON.parse(text) as Preferences) }
}

/** Preferences after `changes`: types and categories one by one. */
export function withChanges(before: Preferences, changes: Partial<Preferences>): Preferences {
  const types = { ...before.types, ...changes.types }
  const categories = { ...before.categories, ...changes.categories }
  const mutes = withoutEnded({ ...before.mutes, ...changes.mutes })
  return { ...before, ...changes, types, categories, mutes } as Preferences
}

/** Preferences with one channel off for a category, or for a type where there is none. */
export function withoutChannel(
  before: Preferences,
  channel: string,
  { type, category }: { readonly type: string; readonly category: string | null },
): Preferences {
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

/** Whether a user wants something on a channel: type before category before the channel as such. */
export function wants(preferences: Preferences, channel: string, subject: Subject): boolean {
  for (const type of subject.types) {
    const said = preferences.types?.[type]?.[channel]
    if (typeof said === 'boolean') return said
  }
  for (const category of subject.categories) {
    const said = preferences.categories?.[category]?.[channel]
    if (typeof said === 'boolean') return said
  }
  return preferences[channel] !== false
}

/** Whether a user does not want to hear of this at all. */
export function isMuted(
  { muted_types: muted, mutes }: Preferences,
  { types, thread }: Subject,
  now: number,
): boolean {
  if (types.some((type) => muted.includes(type))) return true
  if (thread === undefined || !Object.hasOwn(mutes, thread)) return false
  const until = mutes[thread]
  return until == null || Date.parse(until) > now
}

/** The subject of a message: its category is said in its data, or by the first word of a dotted type. */
export function subjectOf({
  type,
  data,
  template,
  thread = null,
}: {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly template?: {
    readonly eventType?: string | null
    readonly category?: string | null
  } | null
  readonly thread?: string | null
}): Subject {
  const eventType = template?.eventType
  const types = eventType == null ? [type] : [eventType, type]
  const said = [data.category, template?.category].filter((each) => typeof each === 'string')
  const dotted = types.filter((each) => each.includes('.')).map((each) => each.split('.')[0] ?? '')
  return { types, categories: [...said, ...dotted], ...(thread === null ? {} : { thread }) }
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
