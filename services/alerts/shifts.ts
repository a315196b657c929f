import { isoTime } from '../../src/index.ts'
import { onCallAt, type Schedule } from './schedule.ts'

/** Somebody's time on call, as a schedule and its overrides have it. */
export interface Shift {
  readonly user_id: string
  readonly starts_at: string
  readonly ends_at: string
}

const STEP_MS = 1_800_000
const MINUTE_MS = 60_000

/** Everybody's shifts between two moments (epoch ms), to the minute, in the order in which they begin. */
export function shiftsOf(schedule: Schedule, from: number, to: number): Shift[] {
  const shifts: Shift[] = []
  const open = new Map<string, number>()
  for (const at of [...changesOf(schedule, from, to), to]) {
    const users = at === to ? [] : onCallAt(schedule, at)
    for (const [user, startedAt] of open) {
      if (users.includes(user)) continue
      open.delete(user)
      shifts.push({ user_id: user, starts_at: isoTime(startedAt), ends_at: isoTime(at) })
    }
    for (const user of users) if (!open.has(user)) open.set(user, at)
  }
  return shifts.sort((a, b) => a.starts_at.localeCompare(b.starts_at))
}

/** The moments at which others are on call than before; who is there for less than a step may be missed. */
function* changesOf(schedule: Schedule, from: number, to: number): Generator<number> {
  const edges = schedule.overrides.flatMap(({ starts_at, ends_at }) => [starts_at, ends_at])
  const steps = Array.from(
    { length: Math.ceil((to - from) / STEP_MS) },
    (_, n) => from + n * STEP_MS,
  )
  const moments = [...steps, ...edges.map((edge) => Date.parse(edge))]
  const inside = moments.filter((at) => at >= from && at < to).sort((a, b) => a - b)
  let before: { readonly at: number; readonly who: string } | null = null
  for (const at of inside) {
    const who = onCallAt(schedule, at).join()
    if (before === null) yield at
    else if (before.who !== who) yield turn(schedule, before, at)
    before = { at, who }
  }
}

/** The minute in which it became somebody else's turn. */
function turn(
  schedule: Schedule,
  before: { readonly at: number; readonly who: string },
  after: number,
): number {
  let [low, high] = [before.at, after]
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS
    if (middle === low) break
    if (onCallAt(schedule, middle).join() === before.who) low = middle
    else high = middle
  }
  return high
}
