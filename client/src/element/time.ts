const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]
const DAYS_AS_DAYS = 7

/** `3 minutes ago`; after a week the date. `now` in epoch milliseconds. */
export function relativeTime(iso: string, locale: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000
  if (seconds < -DAYS_AS_DAYS * 86_400) {
    return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(iso))
  }
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const step = STEPS.find(([, length]) => -seconds >= length)
  if (step === undefined) return format.format(0, 'second')
  return format.format(Math.ceil(seconds / step[1]), step[0])
}

/** The whole moment, in the reader's time zone. */
export function absoluteTime(iso: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' })
  return format.format(new Date(iso))
}

/** Seconds from `now` until nine o'clock tomorrow, by the reader's clock. */
export function secondsUntilTomorrow(now: Date): number {
  const morning = new Date(now)
  morning.setDate(now.getDate() + 1)
  morning.setHours(9, 0, 0, 0)
  return (morning.getTime() - now.getTime()) / 1000
}
