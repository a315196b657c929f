import { describe, expect, it } from 'vitest'
import { type Rotation, turnOf } from '../../../services/alerts/rotation.ts'
import {
  onCallAt,
  type Schedule,
  type ScheduleOverride,
  type ScheduleRule,
} from '../../../services/alerts/schedule.ts'

const at = (time: string) => Date.parse(time)
const rotation = (given: Partial<Rotation>): Rotation => ({
  ...{ type: 'weekly', shift_length: 1, starts_at: '2026-01-05T08:00:00Z' },
  participants: ['ada', 'grace', 'joan'],
  ...given,
})
const rule = (given: Partial<ScheduleRule>): ScheduleRule => ({
  ...{ user_id: null, rotation: null, weekdays: [], start: '00:00', end: '00:00' },
  ...given,
})
const schedule = (
  rules: readonly ScheduleRule[],
  overrides: readonly ScheduleOverride[] = [],
  time_zone = 'UTC',
): Schedule => ({ id: 's', name: 'S', time_zone, alert_types: [], rules, overrides })

describe('turnOf()', () => {
  it('hands a week over at nine on the wall, in winter and in summer', () => {
    const weekly = rotation({ participants: ['ada', 'grace'] })
    const turn = (time: string) => turnOf(weekly, at(time), 'Europe/Berlin')
    // 9:00 in Berlin is 8:00 UTC until 29 March, then 7:00 UTC.
    expect([turn('2026-03-23T07:59:59Z'), turn('2026-03-23T08:00:00Z')]).toEqual(['ada', 'grace'])
    expect([turn('2026-03-30T06:59:59Z'), turn('2026-03-30T07:00:00Z')]).toEqual(['grace', 'ada'])
    expect([turn('2026-10-26T07:59:59Z'), turn('2026-10-26T08:00:00Z')]).toEqual(['grace', 'ada'])
  })

  it('gives the same wall another meaning in another time zone', () => {
    const weekly = rotation({ starts_at: '2026-01-05T14:00:00Z' })
    // New York changes three weeks before Berlin.
    expect(turnOf(weekly, at('2026-03-09T13:00:00Z'), 'America/New_York')).toBe('ada')
    expect(turnOf(weekly, at('2026-03-09T13:00:00Z'), 'Europe/Berlin')).toBe('joan')
  })

  it('counts hours by the wall: the hour that comes twice in autumn has one person', () => {
    const hourly = rotation({ type: 'hourly', starts_at: '2026-10-24T22:00:00Z' })
    const turn = (time: string) => turnOf(hourly, at(time), 'Europe/Berlin')
    expect(turn('2026-10-25T00:30:00Z')).toBe('joan')
    expect(turn('2026-10-25T01:30:00Z')).toBe('joan')
    expect(turn('2026-10-25T02:30:00Z')).toBe('ada')
  })

  it('hands a day over at its hour, every shift_length days', () => {
    const daily = rotation({ type: 'daily', shift_length: 2 })
    const turns = Array.from({ length: 8 }, (_, day) =>
      turnOf(daily, at('2026-01-05T08:00:00Z') + day * 86_400_000, 'UTC'),
    )
    expect(turns).toEqual(['ada', 'ada', 'grace', 'grace', 'joan', 'joan', 'ada', 'ada'])
  })

  it('hands a month over on its last day where it is too short', () => {
    const monthly = rotation({ type: 'monthly', starts_at: '2026-01-31T09:00:00Z' })
    const turn = (time: string) => turnOf(monthly, at(time), 'UTC')
    expect(turn('2026-02-28T08:59:00Z')).toBe('ada')
    expect(turn('2026-02-28T09:00:00Z')).toBe('grace')
    expect(turn('2026-03-31T08:59:00Z')).toBe('grace')
    expect(turn('2026-03-31T09:00:00Z')).toBe('joan')
    expect(turn('2026-04-30T09:00:00Z')).toBe('ada')
  })

  it('counts backwards before its start', () => {
    expect(turnOf(rotation({}), at('2026-01-05T07:59:59Z'), 'UTC')).toBe('joan')
    expect(turnOf(rotation({}), at('2025-12-29T08:00:00Z'), 'UTC')).toBe('joan')
    expect(turnOf(rotation({}), at('2025-12-29T07:59:59Z'), 'UTC')).toBe('grace')
  })
})

describe('onCallAt()', () => {
  const office = rule({ user_id: 'ada', weekdays: [1, 2, 3, 4, 5], start: '09:00', end: '17:00' })
  const night = rule({ user_id: 'grace', weekdays: [5], start: '17:00', end: '09:00' })
  const always = rule({ user_id: 'joan' })

  it('knows days and hours, and a Friday night that ends on Saturday', () => {
    const week = schedule([office, night])
    expect(onCallAt(week, at('2026-01-09T08:59:00Z'))).toEqual([])
    expect(onCallAt(week, at('2026-01-09T09:00:00Z'))).toEqual(['ada'])
    expect(onCallAt(week, at('2026-01-09T17:00:00Z'))).toEqual(['grace'])
    expect(onCallAt(week, at('2026-01-10T08:59:00Z'))).toEqual(['grace'])
    expect(onCallAt(week, at('2026-01-10T09:00:00Z'))).toEqual([])
    expect(onCallAt(week, at('2026-01-09T02:00:00Z'))).toEqual([])
  })

  it('takes equal ends for a whole day from that hour on', () => {
    const monday = schedule([rule({ user_id: 'ada', weekdays: [1], start: '08:00', end: '08:00' })])
    expect(onCallAt(monday, at('2026-01-05T07:59:00Z'))).toEqual([])
    expect(onCallAt(monday, at('2026-01-05T08:00:00Z'))).toEqual(['ada'])
    expect(onCallAt(monday, at('2026-01-06T07:59:00Z'))).toEqual(['ada'])
    expect(onCallAt(monday, at('2026-01-06T08:00:00Z'))).toEqual([])
  })

  const override = (
    type: ScheduleOverride['type'],
    user_id: string,
    [from, to]: readonly [number, number],
    replaces: string | null = null,
  ): ScheduleOverride => {
    const hour = (n: number) => new Date(at('2026-01-06T00:00:00Z') + n * 3_600_000).toISOString()
    const id = `${type}-${user_id}`
    return { id, type, user_id, replaces, starts_at: hour(from), ends_at: hour(to) }
  }
  const noon = at('2026-01-06T12:00:00Z')

  it('adds, removes and replaces from the first moment to before the last', () => {
    const both = [office, always]
    const now = (one: ScheduleOverride) => onCallAt(schedule(both, [one]), noon)
    expect(now(override('add', 'kay', [12, 13]))).toEqual(['ada', 'joan', 'kay'])
    expect(now(override('add', 'kay', [11, 12]))).toEqual(['ada', 'joan'])
    expect(now(override('remove', 'joan', [0, 24]))).toEqual(['ada'])
    expect(now(override('replace', 'kay', [0, 24], 'ada'))).toEqual(['joan', 'kay'])
    expect(now(override('replace', 'kay', [0, 24]))).toEqual(['kay'])
    expect(now(override('replace', 'kay', [0, 24], 'nobody'))).toEqual(['ada', 'joan'])
  })

  it('lets the later of two overlapping overrides have the last word', () => {
    const swap = override('replace', 'kay', [0, 24], 'joan')
    const ill = override('remove', 'kay', [12, 18])
    const back = override('add', 'joan', [12, 18])
    const now = (overrides: ScheduleOverride[]) => onCallAt(schedule([always], overrides), noon)
    expect(now([swap])).toEqual(['kay'])
    expect(now([swap, ill])).toEqual([])
    expect(now([swap, ill, back])).toEqual(['joan'])
    expect(now([ill, swap])).toEqual(['kay'])
  })
})
