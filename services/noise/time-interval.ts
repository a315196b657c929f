import { Temporal } from 'temporal-polyfill'

/**
 * Times by the clock of a zone, as Alertmanager's time intervals: a moment must
 * be in each of the lists that is not empty.
 */
export interface TimeInterval {
  /** Parts of a day, `HH:MM`, without their end; `24:00` ends a day. */
  readonly times: readonly { readonly start: string; readonly end: string }[]
  /** 1 is Monday. */
  readonly weekdays: readonly number[]
  /** -1 is the last day of the month. */
  readonly days_of_month: readonly number[]
  /** 1 is January. */
  readonly months: readonly number[]
  readonly years: readonly number[]
  readonly time_zone: string
}

/** When a policy tells somebody; absent in policies of before there were times. */
export interface PolicyTimes {
  /** It tells nobody in any of these. */
  readonly mute_times?: readonly TimeInterval[]
  /** It tells somebody only in one of these; empty: always. */
  readonly active_times?: readonly TimeInterval[]
}

/**
 * When to look again (epoch ms) at what must not be told at this moment; `null`
 * when it may be. Never later than it may be told.
 */
export function mutedUntil(policy: PolicyTimes, now: number): number | null {
  const { mute_times: muting = [], active_times: active = [] } = policy
  const isOutside = active.length > 0 && !active.some((one) => includes(one, now))
  if (!isOutside && !muting.some((one) => includes(one, now))) return null
  return Math.min(...[...muting, ...active].map((one) => nextEdge(one, now)))
}

/** Whether a moment (epoch ms) is in an interval. */
export function includes(interval: TimeInterval, now: number): boolean {
  const { times, weekdays, days_of_month: days, months, years } = interval
  const at = zoned(interval, now)
  const clock = at.toPlainTime().toString({ smallestUnit: 'minute' })
  const fits = (list: readonly number[], ...values: number[]) =>
    list.length === 0 || values.some((value) => list.includes(value))
  return (
    (times.length === 0 || times.some(({ start, end }) => start <= clock && clock < end)) &&
    fits(weekdays, at.dayOfWeek) &&
    fits(days, at.day, at.day - at.daysInMonth - 1) &&
    fits(months, at.month) &&
    fits(years, at.year)
  )
}

/** The next moment at which it may be otherwise: an edge of its times, midnight, a change of the clock. */
function nextEdge(interval: TimeInterval, now: number): number {
  const at = zoned(interval, now)
  const midnight = at.startOfDay().add({ days: 1 }).epochMilliseconds
  const change = at.getTimeZoneTransition('next')?.epochMilliseconds ?? midnight
  const edges = interval.times
    .flatMap(({ start, end }) => [start, end])
    .filter((time) => time !== '24:00')
    .flatMap((time) => {
      const wall = at.toPlainDate().toPlainDateTime(Temporal.PlainTime.from(time))
      return (['earlier', 'later'] as const).map(
        (disambiguation) =>
          wall.toZonedDateTime(interval.time_zone, { disambiguation }).epochMilliseconds,
      )
    })
  return Math.min(...[midnight, change, ...edges].filter((edge) => edge > now))
}

function zoned({ time_zone }: TimeInterval, now: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(time_zone)
}
