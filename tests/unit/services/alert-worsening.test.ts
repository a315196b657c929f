import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { AlertBench, DAY_MS } from '../../support/alert-bench.ts'

const ada = { who: 'ada', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.person('grace', { roles: ['admin'] })
  await bench.onCall('disk', 'ada')
})
afterEach(() => bench.store.close())

const disk = (severity: 'critical' | 'warning' | 'info', message: string) =>
  bench.raise({ type: 'disk', severity, message, source: 'web-1' })

describe('an open alert that is reported as worse than it was', () => {
  it('is told at once, as what it has become, to whoever had answered the lesser one', async () => {
    const id = await disk('warning', '80 % full')
    await bench.pass(1)
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.work()
    expect(await disk('critical', '99 % full')).toBe(id)
    expect((await bench.heard('ada')).at(-1)).toMatchObject({
      ...{ type: 'alert.critical', message: '99 % full' },
      channels: ['realtime', 'email', 'sms'],
    })
    expect(await bench.show(id)).toMatchObject({
      ...{ severity: 'critical', status: 'triggered', acknowledged: false, step: 0, count: 2 },
    })
    expect((await bench.show(id)).log.at(-2)).toMatchObject({
      ...{ what: 'worsened', why: 'warning, now critical: 80 % full' },
    })
    expect(bench.news.map(({ event }) => event)).toEqual(['triggered', 'acknowledged', 'worsened'])
    await bench.pass(5)
    expect((await bench.heard('ada')).at(-1)?.channels).toContain('voice')
  })

  it('is told while the lesser one was still waiting for its group, and ends as any other', async () => {
    const id = await disk('warning', '80 % full')
    await disk('critical', '99 % full')
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    await bench.pass(2)
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    const { store, keys } = bench
    expect(await store.list(0, keys.criticalAlerts(), 0, -1)).toEqual([id])
    await bench.services.alertActions.resolve(id, ada)
    await bench.work()
    expect(await store.list(0, keys.criticalAlerts(), 0, -1)).toEqual([])
    const sets: string[] = []
    for await (const { key, kind } of store.keys('alerts:*')) if (kind === 'set') sets.push(key)
    expect(sets).toEqual([])
  })

  it('goes by the policy of what it has become', async () => {
    const steps = (user: string) => [
      { targets: [{ type: 'user' as const, id: user }], delay_minutes: 5, channels: null },
    ]
    for (const [user, severity] of [['linus', 'warning'] as const, ['ken', 'critical'] as const]) {
      await bench.services.policies.create({
        ...{ id: user, name: user, alert_types: ['disk'], severities: [severity], repeat: 0 },
        ...{ ack_timeout_minutes: null, steps: steps(user) },
      })
    }
    await disk('warning', '80 % full')
    await disk('critical', '99 % full')
    expect(await bench.heardTypes('ken')).toEqual(['alert.critical'])
  })

  it('is told once, and what is lesser or the same only counts', async () => {
    const id = await disk('critical', '99 % full')
    const again = { type: 'disk', severity: 'critical' as const, message: '99 %', source: 'web-1' }
    const rest = { affectedSystems: [], labels: {}, data: {}, dedupKey: null }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => bench.services.alerts.raise({ ...again, ...rest }, ownWork)),
    )
    expect(answers.every(({ is_new, notified_users }) => !is_new && notified_users === 0)).toBe(
      true,
    )
    await disk('warning', '70 % full')
    expect(await bench.heard('ada')).toHaveLength(1)
    expect(await bench.show(id)).toMatchObject({ count: 22, severity: 'critical' })
  })

  it('by many reports at once is told once', async () => {
    await disk('warning', '80 % full')
    await Promise.all(Array.from({ length: 20 }, () => disk('critical', '99 % full')))
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
    expect(bench.news.filter(({ event }) => event === 'worsened')).toHaveLength(1)
  })
})

describe('a report of which the alert is gone from the store', () => {
  it('is a new alert, and no count of nothing', async () => {
    const id = await disk('critical', '99 % full')
    await bench.store.commit({ partition: 0, ops: [['del', bench.keys.alert(id)]] })
    const next = await disk('critical', '99 % full')
    expect(next).not.toBe(id)
    expect(await bench.heard('ada')).toHaveLength(2)
  })
})

describe('an alert that comes back after a week', () => {
  it('from a snooze is told and not ended for that nothing was heard of it', async () => {
    const id = await disk('critical', '99 % full')
    await bench.services.alertActions.snooze(id, ada, bench.clock.now() + 7 * DAY_MS - 60_000)
    await bench.pass(7 * 1440 + 10)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered' })
    expect((await bench.heard('ada')).filter(({ type }) => type === 'alert.critical').length).toBe(
      4,
    )
    await bench.pass(7 * 1440)
    expect(await bench.show(id)).toMatchObject({ status: 'resolved' })
  })
})

describe('the limit of a source', () => {
  it('counts each severity by itself: 200 that only inform hold no critical one back', async () => {
    for (let n = 0; n < 200; n++) {
      const report = { type: 'note', severity: 'info' as const, dedupKey: `note-${n}` }
      await bench.services.alerts.raise(
        { ...report, source: 'web-1', message: 'm', affectedSystems: [], labels: {}, data: {} },
        ownWork,
      )
    }
    const id = await disk('critical', '99 % full')
    expect(await bench.show(id)).toMatchObject({ limited: false })
    expect(await bench.heardTypes('ada')).toEqual(['alert.critical'])
  })
})
