import { describe, expect, it } from 'vitest'
import {
  isEverAvailable,
  type QuietHours,
  quietUntil,
  WEEKDAYS,
} from '../../../services/directory/quiet-hours.ts'

const PARIS = 'Europe/Paris'
const NEW_YORK = 'America/New_York'

/** Quiet every day from `start` to `end`. */
function nightly(start: string, end: string, fields: Partial<QuietHours> = {}): QuietHours {
  const quiet = { start, end, days: WEEKDAYS }
  return { is_enabled: true, timezone: null, mode: 'hold', quiet, weekly: null, ...fields }
}

const until = (hours: QuietHours, timezone: string, at: string) => {
  const end = quietUntil(hours, timezone, Date.parse(at))
  return end === null ? null : new Date(end).toISOString().replace(':00.000Z', 'Z')
}

describe('quietUntil()', () => {
  const night = nightly('22:00', '07:00')

  it.each([
    // An ordinary winter's night in Paris (UTC+1): 21:00Z to 06:00Z.
    [PARIS, '2026-01-10T20:59:59.999Z', null],
    [PARIS, '2026-01-10T21:00Z', '2026-01-11T06:00Z'],
    [PARIS, '2026-01-11T02:00Z', '2026-01-11T06:00Z'],
    [PARIS, '2026-01-11T06:00Z', null],
    [PARIS, '2026-01-11T12:00Z', null],
    // The night in which Paris goes to UTC+2 (2026-03-29, 01:00Z) is an hour shorter.
    [PARIS, '2026-03-28T21:00Z', '2026-03-29T05:00Z'],
    [PARIS, '2026-03-29T00:59Z', '2026-03-29T05:00Z'],
    [PARIS, '2026-03-29T01:00Z', '2026-03-29T05:00Z'],
    [PARIS, '2026-03-29T05:00Z', null],
    [PARIS, '2026-03-29T20:00Z', '2026-03-30T05:00Z'],
    // Back to UTC+1 (2026-10-25, 01:00Z): an hour longer.
    [PARIS, '2026-10-24T20:00Z', '2026-10-25T06:00Z'],
    [PARIS, '2026-10-25T00:30Z', '2026-10-25T06:00Z'],
    [PARIS, '2026-10-25T01:30Z', '2026-10-25T06:00Z'],
    [PARIS, '2026-10-25T06:00Z', null],
    [PARIS, '2026-10-25T20:59Z', null],
    [PARIS, '2026-10-25T21:00Z', '2026-10-26T06:00Z'],
    // New York goes to UTC-4 on 2026-03-08 at 07:00Z …
    [NEW_YORK, '2026-03-08T02:59Z', null],
    [NEW_YORK, '2026-03-08T03:00Z', '2026-03-08T11:00Z'],
    [NEW_YORK, '2026-03-08T10:59Z', '2026-03-08T11:00Z'],
    [NEW_YORK, '2026-03-09T02:00Z', '2026-03-09T11:00Z'],
    // … and back to UTC-5 on 2026-11-01 at 06:00Z.
    [NEW_YORK, '2026-11-01T02:00Z', '2026-11-01T12:00Z'],
    [NEW_YORK, '2026-11-01T05:30Z', '2026-11-01T12:00Z'],
    [NEW_YORK, '2026-11-01T06:30Z', '2026-11-01T12:00Z'],
    [NEW_YORK, '2026-11-01T12:00Z', null],
  ])('22:00 to 07:00 in %s, at %s: until %s', (timezone, at, end) => {
    expect(until(night, timezone, at)).toBe(end)
  })

  it.each([
    // 02:30 does not exist on this day in Paris: the clock jumps from 02:00 to 03:00.
    ['ends', nightly('00:00', '02:30'), '2026-03-28T23:30Z', '2026-03-29T01:00Z'],
    ['begins', nightly('02:30', '04:00'), '2026-03-29T00:59Z', null],
    ['begins', nightly('02:30', '04:00'), '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
    ['has both ends', nightly('02:10', '02:50'), '2026-03-29T01:00Z', null],
  ])('a period that %s in the hour that is left out', (_what, hours, at, end) => {
    expect(until(hours, PARIS, at)).toBe(end)
  })

  it.each([
    // 02:30 comes twice on this day in Paris: 00:30Z and 01:30Z.
    ['ends', nightly('00:00', '02:30'), '2026-10-25T00:45Z', '2026-10-25T01:30Z'],
    ['ends', nightly('00:00', '02:30'), '2026-10-25T01:30Z', null],
    ['begins', nightly('02:30', '04:00'), '2026-10-25T00:29Z', null],
    ['begins', nightly('02:30', '04:00'), '2026-10-25T00:30Z', '2026-10-25T03:00Z'],
  ])('a period that %s in the hour that comes twice', (_what, hours, at, end) => {
    expect(until(hours, PARIS, at)).toBe(end)
  })

  it.each([
    // 2026-01-09 is a Friday; its night belongs to it.
    ['2026-01-09T22:00Z', '2026-01-10T06:00Z'],
    ['2026-01-10T05:00Z', '2026-01-10T06:00Z'],
    ['2026-01-10T22:00Z', null],
    ['2026-01-09T05:00Z', null],
  ])('only in the night of a Friday, at %s: until %s', (at, end) => {
    const friday = nightly('22:00', '06:00', {
      quiet: { start: '22:00', end: '06:00', days: ['friday'] },
    })
    expect(until(friday, 'UTC', at)).toBe(end)
  })

  it.each([
    // A Monday to Friday, nine to five; a Saturday night shift that ends on Sunday.
    ['2026-01-05T08:59Z', '2026-01-05T09:00Z'],
    ['2026-01-05T09:00Z', null],
    ['2026-01-05T17:00Z', '2026-01-06T09:00Z'],
    ['2026-01-09T17:00Z', '2026-01-10T23:00Z'],
    ['2026-01-11T01:59Z', null],
    ['2026-01-11T02:00Z', '2026-01-12T09:00Z'],
  ])('outside of the hours of a week, at %s: until %s', (at, end) => {
    const office = { is_enabled: true, hours: [{ start: '09:00', end: '17:00' }] }
    const weekly = {
      ...Object.fromEntries(WEEKDAYS.slice(0, 5).map((day) => [day, office])),
      saturday: { is_enabled: true, hours: [{ start: '23:00', end: '02:00' }] },
      sunday: { ...office, is_enabled: false },
    }
    expect(until(nightly('00:00', '00:00', { quiet: null, weekly }), 'UTC', at)).toBe(end)
  })

  it('is never quiet when it is switched off', () => {
    expect(until({ ...night, is_enabled: false }, PARIS, '2026-01-11T02:00Z')).toBeNull()
  })
})

describe('isEverAvailable()', () => {
  it.each([
    [nightly('22:00', '07:00'), true],
    [nightly('08:00', '08:00'), false],
    [nightly('0', '0', { quiet: null, weekly: {} }), false],
    [
      nightly('0', '0', { quiet: null, weekly: { monday: { is_enabled: false, hours: [] } } }),
      false,
    ],
    [
      nightly('0', '0', {
        quiet: null,
        weekly: { monday: { is_enabled: true, hours: [{ start: '9', end: '10' }] } },
      }),
      true,
    ],
  ])('case %#', (hours, expected) => {
    expect(isEverAvailable(hours)).toBe(expected)
  })
})
