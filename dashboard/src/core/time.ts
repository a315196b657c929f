import { signal } from '@preact/signals'

/** The moment, once a second: clocks on the page tick together. */
export const now = signal(Date.now())
setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** Epoch milliseconds of what the API calls a time: ISO 8601, or epoch seconds. */
export function momentOf(value: unknown): number | null {
  const at = typeof value === 'number' ? value * 1000 : Date.parse(String(value ?? ''))
  return Number.isNaN(at) ? null : at
}

/** `3 min. ago`, `in 2 hr.`. */
export function ago(at: number): string {
  const seconds = Math.round((at - now.value) / 1000)
  if (Math.abs(seconds) < 2) return 'now'
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS[3]
  return relative.format(Math.trunc(seconds / size), unit)
}

export const inFull = (at: number) => absolute.format(at)
export const clockTime = (at: number) => clock.format(at)

/** `4:09`, `1:02:30`: what is left of a time, never below zero. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const tail = `${String(m).padStart(h > 0 ? 2 : 1, '0')}:${String(s).padStart(2, '0')}`
  return h > 0 ? `${h}:${tail}` : tail
}

/** `90` seconds are `1 min 30 s`. */
export function lasting(seconds: number | null): string {
  if (seconds === null) return '–'
  const parts = UNITS.flatMap(([unit, size], index) => {
    const above = UNITS[index - 1]?.[1]
    const count = Math.floor((above ? seconds % above : seconds) / size)
    return count > 0
      ? [`${count} ${{ day: 'd', hour: 'h', minute: 'min', second: 's' }[unit]}`]
      : []
  })
  return parts.slice(0, 2).join(' ') || `${seconds.toFixed(1)} s`
}
