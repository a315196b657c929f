import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LabelMatcher } from '../../../services/noise/label-matcher.ts'
import type { NewSilence } from '../../../services/noise/silences.ts'
import { isoTime } from '../../../src/support/clock.ts'
import { AlertBench, DAY_MS, MINUTE_MS } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.onCall('fire', 'ada')
})
afterEach(() => bench.store.close())

const FIRE: LabelMatcher = { name: 'alert_type', operator: '=', value: 'fire' }

/** An hour of silence for fires, from now on. */
function asked(given: Partial<NewSilence> & { forMinutes?: number } = {}): NewSilence {
  const { forMinutes = 60, ...rest } = given
  return {
    ...{ matchers: [FIRE], affected_systems: [], starts_at: null, recurrence: null },
    ...{ ends_at: isoTime(bench.clock.now() + forMinutes * MINUTE_MS), created_by: 'grace' },
    ...{ comment: 'drill', expire_on_resolve: false, notify_on_end: true, ...rest },
  }
}

const silence = (given: Parameters<typeof asked>[0] = {}, id = 'drill') =>
  bench.services.silences.create(asked(given), id)
const stateOf = async (id: string) => (await bench.services.silences.find(id)).state

describe('a silence', () => {
  it('[G-11] keeps an alert stored and visible, and tells people once, when it ends', async () => {
    await silence()
    const id = await bench.raise()
    expect(await bench.services.alertBoard.find(id)).toMatchObject({
      ...{ status: 'triggered', silenced_by: ['drill'] },
    })
    await bench.pass(59)
    expect(await bench.heard('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    expect(await bench.history(id)).toEqual(['triggered', 'silenced', 'notified'])
    expect((await bench.services.alertBoard.find(id)).silenced_by).toEqual([])
    await bench.pass(4)
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(1)
    expect(await bench.heard('ada')).toHaveLength(2)
  })

  it('tells nobody of an alert that is resolved before it ends, nor that it is resolved', async () => {
    await silence()
    const id = await bench.raise()
    await bench.pass(30)
    await bench.services.alertActions.resolve(id, { who: 'grace', note: null })
    await bench.pass(60)
    expect(await bench.heard('ada')).toEqual([])
    expect(await bench.store.members(0, bench.keys.heldAlertJobs())).toEqual([])
  })

  it('never mutes that an alert is acknowledged or resolved', async () => {
    const id = await bench.raise()
    await silence()
    await bench.services.alertActions.acknowledge(id, { who: 'ada', note: null })
    await bench.services.alertActions.resolve(id, { who: 'ada', note: null })
    await bench.pass(1)
    expect(await bench.heardTypes('ada')).toEqual([
      ...['alert.critical', 'alert.acknowledged', 'alert.resolved'],
    ])
  })

  it('does not keep back what somebody escalates: the next people are told at once, later steps wait', async () => {
    await silence({ forMinutes: 600 })
    const id = await bench.raise()
    await bench.services.alertActions.escalate(id, { who: 'grace', note: null })
    await bench.work()
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    expect(await bench.history(id)).toEqual(['triggered', 'silenced', 'escalated', 'notified'])
    await bench.pass(590)
    expect(await bench.heard('ada')).toHaveLength(1)
    expect((await bench.history(id)).slice(4)).toEqual(['silenced'])
    await bench.pass(10)
    expect(await bench.heard('ada')).toHaveLength(2)
  })

  it('that is ended early lets go at once what it held, of two processes too', async () => {
    await silence({ forMinutes: 600 })
    await bench.raise()
    await bench.raise({ source: 'hall 4' })
    const other = bench.process()
    await bench.services.silences.list()
    await bench.pass(10)
    await other.silences.expire('drill')
    await bench.work()
    expect(await bench.heard('ada')).toHaveLength(2)
    expect(await stateOf('drill')).toBe('expired')
  })

  it('lets go what a worker was about to hold while it was ended', async () => {
    await silence({ forMinutes: 600 })
    const report = { affectedSystems: [], labels: {}, data: {}, dedupKey: null }
    await bench.services.alerts.raise(
      { type: 'fire', severity: 'critical', message: 'It burns', source: 'hall 3', ...report },
      { id: null, target: '', idempotencyKey: null, digest: '', packet: null },
    )
    const [lease] = await bench.take()
    const { ops } = await bench.services.alertWork.handle(lease!)
    // The silence ends after the worker looked and before it put the job off.
    await bench.services.silences.expire('drill')
    await bench.work()
    const guards = [['lease', lease!.queue, lease!.jobId, lease!.token] as const]
    await bench.store.commit({ partition: 0, guards, ops })
    await bench.pass(1)
    expect(await bench.heard('ada')).toHaveLength(1)
  })

  it('that is to tell nobody at its end keeps nobody from hearing of what is reported after it', async () => {
    await silence({ notify_on_end: false, forMinutes: 30 })
    const id = await bench.raise()
    await bench.pass(29)
    expect(await bench.raise()).toBe(id)
    await bench.pass(30)
    expect(await bench.heard('ada')).toEqual([])
    expect(await bench.raise()).toBe(id)
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    for (let n = 0; n < 5; n++) await bench.raise()
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(5)
    expect(await bench.heard('ada')).toHaveLength(2)
    expect((await bench.history(id)).slice(0, 5)).toEqual([
      ...['triggered', 'silenced', 'dropped', 'returned', 'notified'],
    ])
  })

  it('that is to tell nobody at its end drops the first notice, not the next steps of a known alert', async () => {
    const known = await bench.raise({ source: 'known' })
    await silence({ notify_on_end: false, forMinutes: 30 })
    const id = await bench.raise({ source: 'unknown' })
    await bench.pass(60)
    expect(await bench.history(id)).toEqual(['triggered', 'silenced', 'dropped'])
    expect(
      (await bench.history(known)).filter((word) => word === 'escalated').length,
    ).toBeGreaterThan(0)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered' })
  })

  it('ends with the last alert that it was for, where it is to', async () => {
    await silence({ expire_on_resolve: true })
    const [one, two] = [await bench.raise(), await bench.raise({ source: 'hall 4' })]
    await bench.services.alertActions.resolve(one, { who: 'ada', note: null })
    await bench.work()
    expect(await stateOf('drill')).toBe('active')
    await bench.services.alertActions.resolve(two, { who: 'ada', note: null })
    await bench.work()
    expect(await stateOf('drill')).toBe('expired')
    await bench.raise()
    expect(await bench.heard('ada')).toHaveLength(1)
  })

  it('is pending before, active during, expired after its time, and gone five days later', async () => {
    const now = bench.clock.now()
    await silence({ starts_at: isoTime(now + 10 * MINUTE_MS) })
    expect(await stateOf('drill')).toBe('pending')
    await bench.raise()
    expect(await bench.heard('ada')).toHaveLength(1)
    bench.clock.advance(10 * MINUTE_MS)
    expect(await stateOf('drill')).toBe('active')
    bench.clock.advance(50 * MINUTE_MS)
    expect(await stateOf('drill')).toBe('expired')
    bench.clock.advance(5 * DAY_MS - 1)
    expect(await bench.services.silences.list()).toHaveLength(1)
    bench.clock.advance(2)
    expect(await bench.services.silences.list()).toEqual([])
    await expect(stateOf('drill')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is edited in place, unless it would be another one', async () => {
    await silence()
    const { silences } = bench.services
    const longer = await silences.edit('drill', asked({ forMinutes: 120, comment: 'long' }), 'new')
    expect(longer).toMatchObject({ id: 'drill', comment: 'long', state: 'active' })
    const matchers = [{ ...FIRE, value: 'flood' }]
    const other = await silences.edit('drill', asked({ matchers }), 'new')
    expect(other).toMatchObject({ id: 'new', replaces: 'drill', state: 'active' })
    expect(await stateOf('drill')).toBe('expired')
    const late = silences.edit('drill', asked(), 'newer')
    await expect(late).rejects.toMatchObject({ code: 'conflict' })
  })

  it('recurs by the wall clock: quiet in the nights of a time zone, across a change to summer time', async () => {
    await bench.store.close()
    bench = new AlertBench({ now: Date.UTC(2026, 2, 28, 12) })
    await bench.person('ada')
    await bench.onCall('fire', 'ada')
    await silence({
      ends_at: null,
      recurrence: { weekdays: [], start: '22:00', end: '06:00', time_zone: 'Europe/Berlin' },
    })
    const at = async (hour: number, day: number) => {
      bench.clock.advance(Date.UTC(2026, 2, day, hour) - bench.clock.now())
      return stateOf('drill')
    }
    expect(await at(20, 28)).toBe('pending')
    expect(await at(21, 28)).toBe('active')
    // Six in the morning is an hour earlier by now.
    await bench.raise()
    expect(await at(3, 29)).toBe('active')
    await bench.pass(59)
    expect(await bench.heard('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.heard('ada')).toHaveLength(1)
    expect(await stateOf('drill')).toBe('pending')
  })

  it('matches labels as Alertmanager does: all conditions, whole values, what is missing is empty', async () => {
    const cases: readonly (readonly [Omit<LabelMatcher, 'id'>[], boolean])[] = [
      [[{ name: 'floor', operator: '=', value: '2' }], true],
      [[{ name: 'floor', operator: '!=', value: '2' }], false],
      [[{ name: 'source', operator: '=~', value: 'hall .' }], true],
      [[{ name: 'source', operator: '=~', value: 'hall' }], false],
      [[{ name: 'source', operator: '!~', value: 'cellar.*' }], true],
      [[{ name: 'wing', operator: '=', value: '' }], true],
      [[{ name: 'constructor', operator: '=', value: '' }], true],
      [[{ name: 'affected_systems', operator: '=', value: 'db' }], true],
      [[{ name: 'affected_systems', operator: '!=', value: 'db' }], false],
      [[FIRE, { name: 'severity', operator: '=', value: 'warning' }], false],
    ]
    const id = await bench.raise({ labels: { floor: '2' }, affectedSystems: ['web', 'db'] })
    for (const [index, [matchers, isQuiet]] of cases.entries()) {
      await silence({ matchers }, `s${index}`)
      const { silenced_by } = await bench.services.alertBoard.find(id)
      expect(silenced_by, JSON.stringify(matchers)).toEqual(isQuiet ? [`s${index}`] : [])
      await bench.services.silences.expire(`s${index}`)
    }
  })

  it('costs no reading of all silences for each alert', async () => {
    for (let n = 0; n < 50; n++) {
      await silence({ matchers: [{ ...FIRE, value: `other-${n}` }] }, `s${n}`)
    }
    await bench.raise({ source: 'first' })
    const reads = countReads(bench)
    for (let n = 0; n < 20; n++) await bench.raise({ source: `hall ${n}` })
    expect(reads().filter((key) => key.startsWith('silence:'))).toEqual([])
  })
})

/** Every key that is read from now on. */
function countReads({ store }: AlertBench): () => readonly string[] {
  const keys: string[] = []
  const getMany = store.getMany.bind(store)
  store.getMany = (partition, wanted) => {
    keys.push(...wanted)
    return getMany(partition, wanted)
  }
  return () => keys
}
