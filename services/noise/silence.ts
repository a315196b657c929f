import { quietUntil, WEEKDAYS, type Weekday } from '../directory/quiet-hours.ts'
import { type Labelled, type LabelMatcher, matcherOf } from './label-matcher.ts'

/** Some hours of some days, by the wall clock of a time zone. */
export interface Recurrence {
  /** 1 is Monday; empty: every day. */
  readonly weekdays: readonly number[]
  /** `HH:MM`; an end that is not after the start is on the next day. */
  readonly start: string
  readonly end: string
  readonly time_zone: string
}

/** For a time nobody is told of the alerts that match. */
export interface Silence {
  readonly id: string
  /** All must match. */
  readonly matchers: readonly LabelMatcher[]
  /** Besides, one of these must be affected; empty: it does not matter which. */
  readonly affected_systems: readonly string[]
  readonly starts_at: string
  /** `null`: it recurs until somebody ends it. */
  readonly ends_at: string | null
  readonly recurrence: Recurrence | null
  readonly created_by: string
  readonly comment: string
  /** Ends by itself when the last alert that it silenced is resolved. */
  readonly expire_on_resolve: boolean
  /** Whether people are told at its end of what is still open. */
  readonly notify_on_end: boolean
  /** Whether an announced maintenance made it. */
  readonly maintenance: boolean
  readonly created_at: string
  /** Which silence it was made of by an edit. */
  readonly replaces: string | null
}

export type SilenceState = 'pending' | 'active' | 'expired'

/** Until when (epoch ms) a silence is in force at a moment; `null` when it is not. */
export function inForceUntil(silence: Silence, now: number): number | null {
  const end = silence.ends_at === null ? Number.POSITIVE_INFINITY : Date.parse(silence.ends_at)
  if (now < Date.parse(silence.starts_at) || now >= end) return null
  if (silence.recurrence === null) return end
  const until = quietUntil(asQuietHours(silence.recurrence), silence.recurrence.time_zone, now)
  return until === null ? null : Math.min(until, end)
}

/** Between two of its times a recurring silence is pending. */
export function stateOf(silence: Silence, now: number): SilenceState {
  if (silence.ends_at !== null && now >= Date.parse(silence.ends_at)) return 'expired'
  return inForceUntil(silence, now) === null ? 'pending' : 'active'
}

const compiled = new WeakMap<Silence, (alert: Labelled) => boolean>()

/** Whether an alert is one of those that a silence means, in force or not. */
export function concerns(silence: Silence, alert: Labelled): boolean {
  const { affected_systems: systems } = silence
  const known = compiled.get(silence) ?? matcherOf(silence.matchers)
  compiled.set(silence, known)
  const affects =
    systems.length === 0 || alert.affected_systems.some((one) => systems.includes(one))
  return affects && known(alert)
}

function asQuietHours({ weekdays, start, end }: Recurrence) {
  const days = weekdays.length === 0 ? WEEKDAYS : weekdays.flatMap((day) => WEEKDAYS[day - 1] ?? [])
  return {
    ...({ is_enabled: true, timezone: null, mode: 'hold', weekly: null } as const),
    quiet: { start, end, days: days as readonly Weekday[] },
  }
}
