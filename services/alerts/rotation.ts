import { Temporal } from 'temporal-polyfill'

export const ROTATION_TYPES = ['hourly', 'daily', 'weekly', 'monthly'] as const
export type RotationType = (typeof ROTATION_TYPES)[number]

/** People who take turns, each for `shift_length` hours, days, weeks or months. */
export interface Rotation {
  readonly type: RotationType
  readonly shift_length: number
  /** When the first of them begins, ISO 8601. */
  readonly starts_at: string
  readonly participants: readonly string[]
}

const UNIT = { hourly: 'hours', daily: 'days', weekly: 'weeks', monthly: 'months' } as const

/**
 * Whose turn it is, by the wall clock of a time zone: who takes over at nine
 * does so at nine before and after a change to summer time. A month that is too
 * short hands over on its last day. Before the start turns are counted backwards.
 */
export function turnOf(rotation: Rotation, at: number, timeZone: string): string | null {
  const { participants, shift_length: length } = rotation
  if (participants.length === 0) return null
  const passed = unitsPassed(rotation, wallClock(at, timeZone), timeZone)
  const shift = Math.floor(passed / length)
  const turn = ((shift % participants.length) + participants.length) % participants.length
  return participants[turn] ?? null
}

/** What a clock on the wall of a time zone shows. */
export function wallClock(at: number, timeZone: string): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime()
}

/** Whole units since the start; the calendar's own addition decides, also at short months. */
function unitsPassed(
  { type, starts_at }: Rotation,
  now: Temporal.PlainDateTime,
  timeZone: string,
): number {
  const unit = UNIT[type]
  const start = wallClock(Date.parse(starts_at), timeZone)
  const isPast = (units: number) =>
    Temporal.PlainDateTime.compare(start.add({ [unit]: units }), now) <= 0
  let units = start.until(now, { largestUnit: unit })[unit]
  while (!isPast(units)) units--
  while (isPast(units + 1)) units++
  return units
}
