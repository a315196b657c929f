import { Cron } from 'croner'
import { isTimeZone } from '../directory/quiet-hours.ts'

/** Whether a text is a cron expression of five fields (or six, with seconds) that ever comes true. */
export function isCron(text: string): boolean {
  if (text.includes('T')) return false
  try {
    return new Cron(text, { paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

/**
 * The first moment after `after` (epoch ms) at which the clock of `timezone`
 * shows what the expression says; `null`: never again. A time that a change of
 * the clock leaves out comes right after it.
 */
export function nextOf(cron: string, timezone: string | null, after: number): number | null {
  const zone = timezone !== null && isTimeZone(timezone) ? timezone : 'UTC'
  const next = new Cron(cron, { paused: true, timezone: zone }).nextRun(new Date(after))
  return next === null ? null : next.getTime()
}
