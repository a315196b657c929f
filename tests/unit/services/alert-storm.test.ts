import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertReport } from '../../../services/alerts/alert-record.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  for (const type of ['fire', 'flood']) await bench.onCall(type, 'ada')
})
afterEach(() => bench.store.close())

function report(given: Partial<AlertReport> = {}): AlertReport {
  return {
    ...{ type: 'fire', severity: 'critical', message: 'It burns', source: 'hall 3' },
    ...{ affectedSystems: [], labels: {}, data: {}, dedupKey: null, ...given },
  }
}

const raise = (given: Partial<AlertReport> = {}) =>
  bench.services.alerts.raise(report(given), ownWork)

describe('a storm', () => {
  it('[G-03] of 10 000 identical critical alerts is one alert and one message; another type is told meanwhile', async () => {
    const answers = []
    for (let n = 0; n < 10_000; n += 500) {
      answers.push(...(await Promise.all(Array.from({ length: 500 }, () => raise()))))
      if (n === 5000) await raise({ type: 'flood' })
      await bench.work()
      if (n === 5000) expect((await bench.heard('ada')).at(-1)?.title).toBe('CRITICAL ALERT: flood')
    }
    const ids = new Set(answers.map(({ alert_id }) => alert_id))
    expect(ids.size).toBe(1)
    expect(answers.filter(({ is_new }) => is_new)).toHaveLength(1)
    expect(await bench.show([...ids][0] ?? '')).toMatchObject({ count: 10_000 })
    expect((await bench.heard('ada')).map(({ title }) => title)).toEqual([
      ...['CRITICAL ALERT: fire', 'CRITICAL ALERT: flood'],
    ])
  })

  it('of 600 readings that change is one alert; a resolve in other words ends it', async () => {
    for (let n = 0; n < 600; n++) await raise({ message: `${30 + n / 10} °C` })
    await bench.work()
    const id = await bench.services.alerts.openAlertOf(report({ message: 'cool again' }))
    expect(await bench.show(id)).toMatchObject({ count: 600, message: '30 °C' })
    await bench.services.alertActions.resolve(id, { who: null, note: 'cool again' })
    await bench.work()
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical', 'alert.resolved'])
  })

  it('of different alerts of one source is told up to 200, then once that there are more', async () => {
    const ids: string[] = []
    for (let n = 0; n < 230; n++) {
      ids.push((await raise({ dedupKey: `sensor-${n}`, message: `Sensor ${n}` })).alert_id)
    }
    await bench.work()
    const heard = await bench.heard('ada')
    expect(heard).toHaveLength(201)
    const limits = heard.filter(({ message }) =>
      message.startsWith('Limit reached: 200 critical alerts of'),
    )
    expect(limits).toHaveLength(1)
    expect(await bench.show(ids[229] ?? '')).toMatchObject({ limited: true, status: 'triggered' })
    expect(await bench.history(ids[229] ?? '')).toEqual(['triggered', 'limited'])

    // Another source has room of its own.
    await raise({ source: 'hall 4' })
    await bench.work()
    expect(await bench.heard('ada')).toHaveLength(202)

    // What was kept back is told once there is room, and nothing is told again.
    const { alertActions } = bench.services
    const answered = ids
      .slice(0, 200)
      .map((id) => alertActions.resolve(id, { who: 'ada', note: null }))
    await Promise.all(answered)
    await bench.pass(5)
    const late = (await bench.heard('ada')).filter(({ message }) => message === 'Sensor 229')
    expect(late).toHaveLength(1)
  })
})
