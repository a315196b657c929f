import { nextOf } from './cron.ts'
import { wallTimeOf } from './local-time.ts'
import type { RecurrenceRecord } from './recurrence-record.ts'

/** What comes later than this was missed: the service was down. */
export const MISSED_AFTER_MS = 60_000
/** Clocks differ by multiples of it. */
export const QUARTER_MS = 15 * 60_000
/** Where a time of the day comes last, and how much sooner it comes first (UTC+14). */
export const LAST_ZONE = 'Etc/GMT+12'
export const FIRST_BEFORE_LAST_MS = 26 * 3_600_000

/** Zones by what people say (`''`: nothing) and as they are. */
export type Clocks = ReadonlyMap<string, string>

export type ZonedFields = Pick<RecurrenceRecord, 'cron' | 'count' | 'until' | 'misfire' | 'sentIn'>

export interface Due {
  /** For whom it is time: zone → the time there. */
  readonly clocks: Readonly<Record<string, string>>
  readonly sentIn: Readonly<Record<string, number>>
  /** Whether a time was missed somewhere and is left out. */
  readonly isSkipped: boolean
}

/** The clocks that people live by; those who did not say, by the recurrence's. */
export function clocksOf(zones: readonly string[], { timezone }: { readonly timezone: string }) {
  return new Map([['', timezone], ...zones.map((zone) => [zone, zone] as const)])
}

/** Where the time has come after `from`, up to `now`; once in each zone, however often it would have. */
export function dueBetween(
  record: ZonedFields,
  clocks: Clocks,
  [from, now]: readonly [number, number],
): Due {
  const due: Record<string, string> = {}
  const sentIn = { ...record.sentIn }
  let isSkipped = false
  for (const [name, zone] of clocks) {
    const at = nextIn(record, [name, zone], from)
    if (at === null || at > now) continue
    if (record.misfire === 'skip' && now - at > MISSED_AFTER_MS) isSkipped = true
    else {
      due[name] = wallTimeOf(at, zone)
      sentIn[name] = (sentIn[name] ?? 0) + 1
    }
  }
  return { clocks: due, sentIn, isSkipped }
}

/** When it is time next anywhere after `from`; `null`: it is over. */
export function nextAnywhere(record: ZonedFields, clocks: Clocks, from: number): number | null {
  const times = [...clocks].map((clock) => nextIn(record, clock, from))
  const known = times.filter((at) => at !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/**
 * When to look: when it is time for somebody, and, from when it could be time on the
 * first clock of the world, each quarter of an hour: somebody's zone may be new.
 */
export function lookAt(cron: string, nextAt: number, now: number): number {
  const endsAt = nextOf(cron, LAST_ZONE, now)
  const beginsAt = endsAt === null ? Infinity : endsAt - FIRST_BEFORE_LAST_MS
  const quarter = now - (now % QUARTER_MS) + QUARTER_MS
  return Math.min(nextAt, beginsAt > now ? beginsAt : quarter)
}

function nextIn(
  { cron, count, until, sentIn = {} }: ZonedFields,
  [name, zone]: readonly [string, string],
  from: number,
): number | null {
  if (count !== null && (sentIn[name] ?? 0) >= count) return null
  const next = knownNext(cron, zone, from)
  return next !== null && until !== null && next > until ? null : next
}

const MOST_KNOWN = 10_000
const known = new Map<string, { readonly from: number; readonly next: number | null }>()

/** Asked for again and again while nothing is due: what was found holds until it comes. */
function knownNext(cron: string, zone: string, from: number): number | null {
  const name = `${cron} ${zone}`
  const found = known.get(name)
  if (found && found.from <= from && (found.next === null || from < found.next)) return found.next
  if (known.size >= MOST_KNOWN) known.clear()
  const next = nextOf(cron, zone, from)
  known.set(name, { from, next })
  return next
}
