import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InhibitionRule } from '../../../services/noise/inhibition.ts'
import type { LabelMatcher } from '../../../services/noise/label-matcher.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const doing = { who: 'ada', note: null }
const is = (name: string, value: string): LabelMatcher => ({ name, operator: '=', value })

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  for (const type of ['power', 'link']) await bench.onCall(type, 'ada')
})
afterEach(() => bench.store.close())

/** Without power there is no link in the same hall. */
const POWER: InhibitionRule = {
  ...{ id: 'power', name: 'No power, no link', equal: ['hall'] },
  source_matchers: [is('alert_type', 'power')],
  target_matchers: [is('alert_type', 'link')],
}
const link = (hall: string, given: object = {}) =>
  bench.raise({ type: 'link', source: `switch ${hall}`, labels: { hall }, ...given })
const power = (hall: string) =>
  bench.raise({ type: 'power', source: `mains ${hall}`, labels: { hall } })
const titles = async () => (await bench.heard('ada')).map(({ title }) => title)

describe('an inhibition rule', () => {
  it('keeps an alert quiet and visible while its source is open, then people are told', async () => {
    await bench.services.inhibitions.create(POWER)
    const source = await power('3')
    const id = await link('3')
    await link('4')
    expect(await titles()).toEqual(['CRITICAL ALERT: power', 'CRITICAL ALERT: link'])
    expect(await bench.services.alertBoard.find(id)).toMatchObject({
      ...{ status: 'triggered', inhibited_by: [source], silenced_by: [] },
    })
    expect(await bench.history(id)).toEqual(['triggered', 'inhibited'])
    await bench.services.alertActions.acknowledge(source, doing)
    await bench.pass(3)
    expect((await bench.history(id)).at(-1)).toBe('inhibited')
    await bench.services.alertActions.resolve(source, doing)
    await bench.work()
    expect((await titles()).filter((title) => title === 'CRITICAL ALERT: link')).toHaveLength(2)
    expect((await bench.services.alertBoard.find(id)).inhibited_by).toEqual([])
    expect(await bench.history(id)).toEqual(['triggered', 'inhibited', 'notified'])
  })

  it('takes a label that both lack for equal, one that only one has not', async () => {
    await bench.services.inhibitions.create(POWER)
    await bench.raise({ type: 'power', source: 'mains' })
    const alike = await bench.raise({ type: 'link', source: 'switch' })
    const other = await link('3')
    const by = async (id: string) => (await bench.services.alertBoard.find(id)).inhibited_by
    expect(await by(alike)).toHaveLength(1)
    expect(await by(other)).toEqual([])
  })

  it('never lets two alerts of both sides keep each other quiet', async () => {
    const both = [is('hall', '3')]
    await bench.services.inhibitions.create({
      ...{ id: 'both', name: 'Both', equal: [] },
      ...{ source_matchers: both, target_matchers: both },
    })
    await power('3')
    await link('3')
    expect(await titles()).toHaveLength(2)
  })

  it('holds for alerts that were open before it, until it is changed or deleted', async () => {
    await power('3')
    await bench.services.inhibitions.create(POWER)
    await bench.work()
    const id = await link('3')
    const by = async () => (await bench.services.alertBoard.find(id)).inhibited_by
    expect(await by()).toHaveLength(1)
    await bench.services.inhibitions.save({ ...POWER, equal: ['source'] })
    await bench.work()
    expect(await by()).toEqual([])
    expect(await titles()).toHaveLength(2)
    await bench.services.inhibitions.save(POWER)
    await bench.work()
    expect(await by()).toHaveLength(1)
    await bench.services.inhibitions.remove('power')
    await bench.work()
    expect(await by()).toEqual([])
    const left: string[] = []
    for await (const { key } of bench.store.keys('alerts:inhibiting:*')) left.push(key)
    expect(left).toEqual([])
  })

  it('puts off the next step of an alert that people know of', async () => {
    await bench.services.inhibitions.create(POWER)
    const id = await link('3')
    await bench.pass(4)
    const source = await power('3')
    await bench.pass(30)
    expect(await bench.show(id)).toMatchObject({ step: 0, loop: 0 })
    await bench.services.alertActions.resolve(source, doing)
    await bench.work()
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 0 })
  })
})
