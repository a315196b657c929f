import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { includes, mutedUntil, type TimeInterval } from '../../../services/noise/time-interval.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const at = (text: string) => Date.parse(text)
const interval = (fields: Partial<TimeInterval>): TimeInterval => ({
  ...{ times: [], weekdays: [], days_of_month: [], months: [], years: [] },
  time_zone: 'Europe/Berlin',
  ...fields,
})
const WORK = interval({ weekdays: [1, 2, 3, 4, 5], times: [{ start: '09:00', end: '17:00' }] })

describe('includes()', () => {
  it.each([
    ['the first minute', WORK, '2026-11-30T09:00+01:00', true],
    ['not the end', WORK, '2026-11-30T17:00+01:00', false],
    ['the minute before it', WORK, '2026-11-30T16:59:59+01:00', true],
    ['no other weekday', WORK, '2026-11-29T12:00+01:00', false],
    ['the clock of its zone, not of UTC', WORK, '2026-11-30T16:30Z', false],
    ['its hours in summer too', WORK, '2026-07-01T07:00Z', true],
    ['days from the end of a month', interval({ days_of_month: [-1] }), '2028-02-29T12:00Z', true],
    ['and not the day before', interval({ days_of_month: [-1] }), '2028-02-28T12:00Z', false],
    ['days from its beginning', interval({ days_of_month: [1, 29] }), '2028-02-29T12:00Z', true],
    ['months', interval({ months: [12] }), '2026-11-30T23:30Z', true],
    ['years', interval({ years: [2026] }), '2026-12-31T23:30Z', false],
    ['everything where nothing is said', interval({}), '2026-12-31T23:30Z', true],
    [
      'a day to its end',
      interval({ times: [{ start: '22:00', end: '24:00' }] }),
      '2026-12-31T22:59Z',
      true,
    ],
  ])('%s', (_what, given, moment, expected) => {
    expect(includes(given, at(moment))).toBe(expected)
  })
})

describe('mutedUntil()', () => {
  const night = interval({
    times: [
      { start: '22:00', end: '24:00' },
      { start: '00:00', end: '06:00' },
    ],
  })
  it.each([
    ['is null when it may be told', { mute_times: [night] }, '2026-11-30T12:00+01:00', null],
    ['and without times', {}, '2026-11-30T12:00+01:00', null],
    [
      'looks again at midnight',
      { mute_times: [night] },
      '2026-11-30T23:00+01:00',
      '2026-12-01T00:00+01:00',
    ],
    [
      'ends when the time ends',
      { mute_times: [night] },
      '2026-12-01T00:00+01:00',
      '2026-12-01T06:00+01:00',
    ],
    [
      'ends when an active time begins',
      { active_times: [WORK] },
      '2026-11-30T08:00+01:00',
      '2026-11-30T09:00+01:00',
    ],
    [
      'is muted within an active time',
      {
        active_times: [WORK],
        mute_times: [interval({ times: [{ start: '12:00', end: '13:00' }] })],
      },
      '2026-11-30T12:10+01:00',
      '2026-11-30T13:00+01:00',
    ],
  ])('%s', (_what, policy, moment, expected) => {
    expect(mutedUntil(policy, at(moment))).toBe(expected === null ? null : at(expected))
  })

  it('never says a moment after it has ended, minute by minute through both changes of the clock', () => {
    const early = interval({ times: [{ start: '01:30', end: '02:30' }] })
    for (const day of ['2026-03-28T23:00Z', '2026-10-24T22:00Z']) {
      for (let now = at(day); now < at(day) + 6 * 3_600_000; now += 60_000) {
        const until = mutedUntil({ mute_times: [early] }, now)
        if (until === null) continue
        expect(until).toBeGreaterThan(now)
        for (let then = now; then < until; then += 60_000) expect(includes(early, then)).toBe(true)
      }
    }
  })
})

describe('[semantics 4.13] a policy with times', () => {
  let bench: AlertBench
  beforeEach(async () => {
    bench = new AlertBench({ now: at('2026-11-27T20:00+01:00') })
    await bench.person('ada')
    await bench.services.policies.create({
      ...{ id: 'disks', name: 'Disks', alert_types: ['disk'], severities: [], repeat: 0 },
      ...{ ack_timeout_minutes: null, active_times: [WORK] },
      steps: [
        { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 30, channels: null },
        { targets: [{ type: 'user', id: 'joan' }], delay_minutes: 30, channels: null },
      ],
    })
  })
  afterEach(() => bench.store.close())
  const told = async (user: string) => (await bench.heard(user)).map(({ title }) => title)
  const until = (moment: string) => bench.pass((at(moment) - bench.clock.now()) / 60_000)

  it('tells on Monday morning what was raised on Friday night, once; its steps count from then', async () => {
    const id = await bench.raise({ type: 'disk' })
    expect(await bench.services.alertBoard.find(id)).toMatchObject({ outside_times: true })
    await until('2026-11-30T08:59:59+01:00')
    expect(await told('ada')).toEqual([])
    await until('2026-11-30T09:00+01:00')
    expect(await told('ada')).toEqual(['CRITICAL ALERT: disk'])
    await until('2026-11-30T09:29+01:00')
    expect(await told('joan')).toEqual([])
    await until('2026-11-30T09:30+01:00')
    expect(await told('joan')).toEqual(['CRITICAL ALERT: disk'])
    const words = await bench.history(id)
    expect(words.filter((word) => word === 'waits')).toHaveLength(1)
    expect((await bench.show(id)).log[1]?.why).toBe('policy Disks tells nobody at this time')
  })

  it('tells nothing of what was resolved by then, and puts off a step that becomes due outside', async () => {
    const gone = await bench.raise({ type: 'disk', source: 'a' })
    await bench.services.alertActions.resolve(gone, { who: null, note: null })
    await until('2026-11-30T16:45+01:00')
    expect(await told('ada')).toEqual([])
    await bench.raise({ type: 'disk', source: 'b' })
    expect(await told('ada')).toHaveLength(1)
    await until('2026-12-01T08:59+01:00')
    expect(await told('joan')).toEqual([])
    await until('2026-12-01T09:00+01:00')
    expect(await told('joan')).toHaveLength(1)
  })

  it('is heeded as it is by then: within ten minutes of a change', async () => {
    await bench.raise({ type: 'disk' })
    await bench.pass(60)
    await bench.services.policies.change('disks', (policy) => ({ ...policy, active_times: [] }))
    await bench.pass(10)
    expect(await told('ada')).toHaveLength(1)
  })
})
