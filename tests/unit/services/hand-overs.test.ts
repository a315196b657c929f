import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Schedule } from '../../../services/alerts/schedule.ts'
import { AlertBench, MINUTE_MS } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(() => {
  bench = new AlertBench({ now: Date.parse('2026-03-28T08:00:00Z') })
})
afterEach(() => bench.store.close())

const SCHEDULE: Schedule = {
  ...{ id: 'ops', name: 'Operations', time_zone: 'Europe/Berlin', alert_types: [], overrides: [] },
  rules: [
    {
      ...{ user_id: null, weekdays: [], start: '00:00', end: '00:00' },
      rotation: {
        ...{ type: 'daily', shift_length: 1, starts_at: '2026-03-01T09:00:00+01:00' },
        participants: ['ada', 'grace'],
      },
    },
  ],
}

/** Looks as two processes do, every five seconds; the other one has just started. */
async function pass(minutes: number): Promise<void> {
  const other = bench.process()
  for (let n = 0; n < minutes * 12; n++) {
    bench.clock.leap(5000)
    await Promise.all([bench.services.handOvers.round(), other.handOvers.round()])
  }
}

async function told(): Promise<Record<string, unknown>[]> {
  const events = await bench.services.events.list(100, 'oncall.changed')
  return events.map(({ payload }) => payload as Record<string, unknown>).reverse()
}

it('[semantics 4.13] a hand-over is one event, by the clock on the wall, also over a change to summer time', async () => {
  await bench.services.schedules.create(SCHEDULE)
  await pass(1)
  expect(await told()).toEqual([])
  const [first] = await bench.services.onCall.inSchedule('ops')
  // The 29th has 23 hours: nine o'clock is 07:00 UTC.
  bench.clock.leap(Date.parse('2026-03-29T06:59:00Z') - bench.clock.now())
  await pass(0.5)
  expect(await told()).toEqual([])
  await pass(1)
  const [event, ...more] = await told()
  expect(more).toEqual([])
  const second = first === 'ada' ? 'grace' : 'ada'
  expect(event).toMatchObject({
    ...{ schedule_id: 'ops', schedule: 'Operations', users: [second], before: [first] },
    ...{ joined: [second], left: [first] },
  })
})

it('somebody who stands in for a while is a hand-over and one back; the start of a process is none', async () => {
  await bench.services.schedules.create(SCHEDULE)
  await pass(1)
  const at = (ms: number) => new Date(bench.clock.now() + ms).toISOString()
  const span = { starts_at: at(MINUTE_MS), ends_at: at(10 * MINUTE_MS) }
  await bench.services.schedules.change('ops', (schedule) => ({
    ...schedule,
    overrides: [{ id: 'o', type: 'replace', user_id: 'ken', replaces: null, ...span }],
  }))
  await pass(3)
  await pass(12)
  expect((await told()).map(({ joined }) => joined)).toEqual([['ken'], [expect.any(String)]])
})
