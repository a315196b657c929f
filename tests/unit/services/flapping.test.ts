import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changed, changePercent, STEADY, settlesAt } from '../../../services/noise/flap.ts'
import { AlertBench, MINUTE_MS } from '../../support/alert-bench.ts'

const doing = { who: 'pump', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.onCall('fire', 'ada')
})
afterEach(() => bench.store.close())

/** Triggers and resolves the same thing; ends triggered where `times` is odd. */
async function oscillate(times: number, everySeconds: number, given: object = {}): Promise<string> {
  let id = ''
  for (let n = 0; n < times; n++) {
    if (n % 2 === 0) id = await bench.raise(given)
    else await bench.services.alertActions.resolve(id, doing)
    await bench.pass(everySeconds / 60)
  }
  return id
}

describe('changePercent()', () => {
  it('weighs newer changes more, over the last 21 states, as Nagios does', () => {
    const every = (count: number) =>
      Array.from({ length: count }, (_, n) => [((n + 1) % 2) as 0 | 1, n * 1000] as const)
    expect(changePercent(every(21), 21_000)).toBeCloseTo(100, 5)
    expect(changePercent(every(1), 0)).toBeCloseTo(6.25, 5)
    expect(changePercent(every(8), 7000)).toBeLessThan(50)
    expect(changePercent(every(9), 8000)).toBeGreaterThan(50)
    // A state that lasts pushes old changes out.
    expect(changePercent(every(21), 20_000 + 21 * MINUTE_MS)).toBe(0)
  })

  it('says when something settles, and knows slow changes from flapping', () => {
    let state = STEADY
    for (let n = 0; n < 40; n++) {
      state = changed(state, [n % 2 === 0 ? 1 : 0, n * 5 * MINUTE_MS], 'a')
    }
    expect(state.flapping).toBe(false)
    for (let n = 0; n < 9; n++) state = changed(state, [n % 2 === 0 ? 1 : 0, n * 1000], 'a')
    expect(state.flapping).toBe(true)
    const at = settlesAt(state)
    expect(changePercent(state.changes, at)).toBeLessThan(25)
    expect(changePercent(state.changes, at - MINUTE_MS)).toBeGreaterThanOrEqual(25)
  })
})

describe('something that flaps', () => {
  it('[G-12] is told twice however often it changes: that it flaps, and that it has settled', async () => {
    await bench.person('grace', { roles: ['admin'] })
    await oscillate(9, 1)
    const before = (await bench.heardTypes('ada')).length
    await oscillate(101, 1, {})
    const id = await oscillate(60, 10)
    await bench.pass(60)
    const heard = (await bench.heardTypes('ada')).slice(before - 1)
    expect(heard).toEqual(['alert.flapping', 'alert.settled'])
    await bench.pass(600)
    expect((await bench.heardTypes('ada')).slice(before - 1)).toHaveLength(2)
    expect(await bench.show(id)).toMatchObject({ status: 'resolved', flapping: true })
    expect(await bench.history(id)).toContain('flapping')
  })

  it('and is open when it has settled, is told as an alert, and escalates', async () => {
    const id = await oscillate(41, 2)
    const before = (await bench.heardTypes('ada')).length
    expect((await bench.heardTypes('ada')).at(-1)).toBe('alert.flapping')
    await bench.pass(22)
    expect((await bench.heardTypes('ada')).slice(before)[0]).toBe('alert.critical')
    expect(await bench.show(id)).toMatchObject({ status: 'triggered', flapping: false })
    await bench.pass(5)
    expect((await bench.show(id)).step + (await bench.show(id)).loop).toBeGreaterThan(0)
    const told = (await bench.heardTypes('ada')).filter((type) => type === 'alert.settled')
    expect(told).toEqual([])
  })

  it('is told once that it has settled, by two processes', async () => {
    const other = bench.process()
    await oscillate(30, 1)
    bench.clock.advance(30 * MINUTE_MS)
    await Promise.all([bench.work(), bench.work(other), bench.work(), bench.work(other)])
    await bench.work()
    const settled = (await bench.heardTypes('ada')).filter((type) => type === 'alert.settled')
    expect(settled).toHaveLength(1)
  })

  it('does not make something else flap', async () => {
    await oscillate(20, 1)
    const id = await bench.raise({ source: 'hall 4' })
    expect(await bench.show(id)).toMatchObject({ flapping: false })
    expect((await bench.heardTypes('ada')).at(-1)).toBe('alert.critical')
  })
})

describe('something that flaps and that somebody has in hand', () => {
  it('is not said to be resolved when it settles', async () => {
    const id = await oscillate(11, 1)
    await bench.services.alertActions.acknowledge(id, doing)
    await bench.pass(120)
    expect(await bench.heardTypes('ada')).not.toContain('alert.settled')
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged', flapping: false })
    expect(await bench.history(id)).toContain('settled')
  })
})
