import { type Rotation, turnOf, wallClock } from './rotation.ts'

/** Who is on call at some hours of some days: one person, or whose turn it is. */
export interface ScheduleRule {
  readonly user_id: string | null
  readonly rotation: Rotation | null
  /** 1 is Monday; empty: every day. */
  readonly weekdays: readonly number[]
  /** `HH:MM` of the wall clock; the same as the end: the whole day. The end may be on the next day. */
  readonly start: string
  readonly end: string
}

/** For a while somebody is on call besides, is not, or takes the place of others. */
export interface ScheduleOverride {
  readonly id: string
  readonly type: 'add' | 'remove' | 'replace'
  readonly user_id: string
  /** Whose place a `replace` takes; `null`: everybody's. */
  readonly replaces: string | null
  readonly starts_at: string
  readonly ends_at: string
}

export interface Schedule {
  readonly id: string
  readonly name: string
  readonly time_zone: string
  /** Types of alert it answers for; empty: all; `null`: only where a policy names it. */
  readonly alert_types: readonly string[] | null
  readonly rules: readonly ScheduleRule[]
  /** In the order in which they were made: a later one has the last word. */
  readonly overrides: readonly ScheduleOverride[]
}

/** Everybody whom a schedule has on call at a moment (epoch ms), sorted. */
export function onCallAt(schedule: Schedule, at: number): string[] {
  const users = new Set<string>()
  for (const rule of schedule.rules) {
    const user = isActive(rule, at, schedule.time_zone) ? userOf(rule, at, schedule) : null
    if (user !== null) users.add(user)
  }
  for (const override of schedule.overrides) {
    if (Date.parse(override.starts_at) <= at && at < Date.parse(override.ends_at)) {
      apply(override, users)
    }
  }
  return [...users].sort()
}

function userOf(rule: ScheduleRule, at: number, { time_zone }: Schedule): string | null {
  return rule.rotation === null ? rule.user_id : turnOf(rule.rotation, at, time_zone)
}

function apply({ type, user_id, replaces }: ScheduleOverride, users: Set<string>): void {
  if (type === 'add') users.add(user_id)
  if (type === 'remove') users.delete(user_id)
  if (type !== 'replace') return
  if (replaces === null) users.clear()
  else if (!users.delete(replaces)) return
  users.add(user_id)
}

/** A shift over midnight belongs to the day on which it began. */
function isActive({ weekdays, start, end }: ScheduleRule, at: number, timeZone: string): boolean {
  const { dayOfWeek, hour, minute } = wallClock(at, timeZone)
  const now = hour * 60 + minute
  const [from, to] = [minutesOf(start), minutesOf(end)]
  const isOn = (day: number) => weekdays.length === 0 || weekdays.includes(day)
  if (from === to) {
    // From that hour to the same hour of the next day.
    return now >= from ? isOn(dayOfWeek) : isOn(dayBefore(dayOfWeek))
  }
  if (from < to) return now >= from && now < to && isOn(dayOfWeek)
  return now >= from ? isOn(dayOfWeek) : now < to && isOn(dayBefore(dayOfWeek))
}

function dayBefore(day: number): number {
  return day === 1 ? 7 : day - 1
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}
