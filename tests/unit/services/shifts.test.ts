import { describe, expect, it } from 'vitest'
import type { Schedule } from '../../../services/alerts/schedule.ts'
import { shiftsOf } from '../../../services/alerts/shifts.ts'

const schedule: Schedule = {
  ...{ id: 's', name: 'First line', time_zone: 'Europe/Berlin', alert_types: [] },
  rules: [
    {
      ...{ user_id: null, weekdays: [], start: '00:00', end: '00:00' },
      rotation: {
        ...{ type: 'daily', shift_length: 1, starts_at: '2026-01-05T07:10:00.000Z' },
        participants: ['ada', 'grace'],
      },
    },
  ],
  overrides: [],
}
const at = (time: string) => Date.parse(`2026-01-${time}:00.000Z`)
const shown = (made: Schedule, from: string, to: string) =>
  shiftsOf(made, at(from), at(to)).map(({ user_id: who, starts_at, ends_at }) => {
    return `${who} ${starts_at.slice(8, 16)} ${ends_at.slice(8, 16)}`
  })

describe('shiftsOf()', () => {
  it('gives every turn of a rotation, to the minute, cut at both ends', () => {
    expect(shown(schedule, '06T00:00', '08T12:00')).toEqual([
      ...['ada 06T00:00 06T07:10', 'grace 06T07:10 07T07:10'],
      ...['ada 07T07:10 08T07:10', 'grace 08T07:10 08T12:00'],
    ])
  })

  it('counts overrides, however short, and leaves gaps where nobody is on call', () => {
    const overridden: Schedule = {
      ...schedule,
      overrides: [
        {
          ...{ id: 'o', type: 'replace', user_id: 'linus', replaces: null },
          ...{ starts_at: '2026-01-06T10:05:00.000Z', ends_at: '2026-01-06T10:15:00.000Z' },
        },
        {
          ...{ id: 'p', type: 'remove', user_id: 'grace', replaces: null },
          ...{ starts_at: '2026-01-06T20:00:00.000Z', ends_at: '2026-01-07T07:10:00.000Z' },
        },
      ],
    }
    expect(shown(overridden, '06T08:00', '07T08:00')).toEqual([
      ...['grace 06T08:00 06T10:05', 'linus 06T10:05 06T10:15', 'grace 06T10:15 06T20:00'],
      'ada 07T07:10 07T08:00',
    ])
  })

  it('says nothing of a schedule without rules', () => {
    expect(shown({ ...schedule, rules: [] }, '06T00:00', '20T00:00')).toEqual([])
  })
})
