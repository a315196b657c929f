import { Temporal } from 'temporal-polyfill'

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** A part of a day by its clock, `HH:MM`; one whose end is not after its start ends the next day. */
export interface Hours {
  readonly start: string
  readonly end: string
}

/** When somebody does not want to be disturbed, and what becomes of messages then. */
export interface QuietHours {
  readonly is_enabled: boolean
  /** IANA name; `null`: the one of his profile. */
  readonly timezone: string | null
  /**
   * `hold`: they are sent when the time is over. `digest`: so they are, as one.
   * `drop`: not at all.
   */
  readonly mode: 'hold' | 'drop' | 'digest'
  /** Quiet from `start` to `end`, beginning on these days. */
  readonly quiet: (Hours & { readonly days: readonly Weekday[] }) | null
  /** Or the other way round: when he may be disturbed. A day that is not named is quiet. */
  readonly weekly: Readonly<
    Partial<Record<Weekday, { readonly is_enabled: boolean; readonly hours: readonly Hours[] }>>
  > | null
}

/** From (inclusive) and to (exclusive), epoch milliseconds. */
type Period = readonly [from: number, to: number]

/** Two weeks of periods: what is quiet longer than that never ends. */
const DAYS_AHEAD = 15

/**
 * Until when it is quiet for somebody in `timezone` who is not to be disturbed
 * now; `null` when he may be. A period begins the first time that the clock shows
 * its start and ends the last time that it shows its end, so that a change of the
 * clock never cuts it short; a time that the clock leaves out is the moment of the change.
 */
export function quietUntil(
  { is_enabled, quiet, weekly }: QuietHours,
  timezone: string,
  now: number,
): number | null {
  if (!is_enabled) return null
  if (weekly !== null)
    return untilAvailable(
      periods(timezone, now, (day) => hoursOf(weekly[day])),
      now,
    )
  if (quiet === null) return null
  return untilOver(
    periods(timezone, now, (day) => (quiet.days.includes(day) ? [quiet] : [])),
    now,
  )
}

/** Whether anything but quiet is left. */
export function isEverAvailable({ weekly, quiet }: QuietHours): boolean {
  if (weekly !== null) return WEEKDAYS.some((day) => hoursOf(weekly[day]).length > 0)
  return quiet === null || quiet.start !== quiet.end || quiet.days.length < WEEKDAYS.length
}

function hoursOf(
  day: { readonly is_enabled: boolean; readonly hours: readonly Hours[] } | undefined,
) {
  return day?.is_enabled ? day.hours : []
}

/** The end of the quiet periods that follow each other without a pause from now on. */
function untilOver(quiet: readonly Period[], now: number): number | null {
  let until = now
  for (const [from, to] of quiet) if (from <= until && to > until) until = to
  return until === now ? null : until
}

function untilAvailable(available: readonly Period[], now: number): number | null {
  if (available.some(([from, to]) => from <= now && now < to)) return null
  return available.find(([from]) => from > now)?.[0] ?? now + DAYS_AHEAD * 86_400_000
}

/** The periods from yesterday on, in order. */
function periods(
  timezone: string,
  now: number,
  hoursOn: (day: Weekday) => readonly Hours[],
): Period[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now)
    .toZonedDateTimeISO(timezone)
    .toPlainDate()
  const found: Period[] = []
  for (let offset = -1; offset < DAYS_AHEAD; offset++) {
    const date = today.add({ days: offset })
    for (const { start, end } of hoursOn(WEEKDAYS[date.dayOfWeek - 1] ?? 'monday')) {
      const lastDate = end > start ? date : date.add({ days: 1 })
      const [from] = momentsOf(date, start, timezone)
      const [, to] = momentsOf(lastDate, end, timezone)
      if (to > from) found.push([from, to])
    }
  }
  return found.sort((a, b) => a[0] - b[0])
}

/** When the clock shows this time first and last; where it never does, when it jumps over it. */
function momentsOf(date: Temporal.PlainDate, time: string, timezone: string): Period {
  const wall = date.toPlainDateTime(Temporal.PlainTime.from(time))
  const first = wall.toZonedDateTime(timezone, { disambiguation: 'earlier' })
  const last = wall.toZonedDateTime(timezone, { disambiguation: 'later' })
  if (first.toPlainDateTime().equals(wall)) return [first.epochMilliseconds, last.epochMilliseconds]
  const jump = first.getTimeZoneTransition('next')?.epochMilliseconds ?? last.epochMilliseconds
  return [jump, jump]
}

/** Whether the machine knows a time zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
