import { Temporal } from 'temporal-polyfill'

const WALL_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$/

/** Whether a text is a time by the clock on the wall, without an offset: `2026-11-29T09:00`. */
export function isWallTime(text: string): boolean {
  if (!WALL_TIME.test(text)) return false
  try {
    return Boolean(Temporal.PlainDateTime.from(text.replace(' ', 'T')))
  } catch {
    return false
  }
}

/**
 * The moment (epoch ms) at which the clock of `timezone` shows a time; the first
 * one where it does so twice, and just as much later where it leaves it out.
 */
export function momentOf(wallTime: string, timezone: string): number {
  const wall = Temporal.PlainDateTime.from(wallTime.replace(' ', 'T'))
  return wall.toZonedDateTime(timezone, { disambiguation: 'compatible' }).epochMilliseconds
}

/** What the clock of `timezone` shows at a moment; the second time it does so, `again` is added. */
export function wallTimeOf(at: number, timezone: string): string {
  const shown = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone)
  const wall = shown.toPlainDateTime()
  const first = wall.toZonedDateTime(timezone, { disambiguation: 'earlier' })
  return first.epochMilliseconds === at ? wall.toString() : `${wall.toString()} again`
}
