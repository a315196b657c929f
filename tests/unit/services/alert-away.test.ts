import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GivenUp } from '../../../services/deliveries/given-up.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import type { Write } from '../../../src/store/store.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const FIRE = {
  ...{ type: 'fire', severity: 'critical' as const, message: 'It burns', source: 'hall 3' },
  ...{ affectedSystems: [], labels: {}, data: {}, dedupKey: null },
}

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.person('grace', { roles: ['admin'] })
  await bench.onCall('fire', 'ada')
  // What is written down was read once, as in any process that runs.
  await bench.raise({ source: 'warm up' })
  await bench.services.alertActions.resolve((await bench.raise({ source: 'warm up' })) ?? '', {
    ...{ who: null, note: null },
  })
  await bench.work()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bench.store.close()
})

/** Keys that match lie in a part of the store that is away. */
function away(pattern: RegExp): () => void {
  const { store } = bench
  const spies = (['get', 'members', 'count', 'getMany'] as const).map((verb) => {
    const original = store[verb].bind(store) as (...args: unknown[]) => Promise<never>
    return vi.spyOn(store, verb).mockImplementation((...args: unknown[]) => {
      const isAway = pattern.test([args[1]].flat().join(' '))
      return isAway ? Promise.reject(new Unavailable('away')) : original(...args)
    })
  })
  const commit = store.commit.bind(store)
  const writes = vi.spyOn(store, 'commit').mockImplementation((write: Write) => {
    return pattern.test(JSON.stringify(write.ops)) && write.ops.some(([verb]) => verb === 'inbox')
      ? Promise.reject(new Unavailable('away'))
      : commit(write)
  })
  return () => {
    for (const spy of [...spies, writes]) spy.mockRestore()
  }
}

const fires = async (user: string) =>
  (await bench.heard(user)).filter(({ message }) => message === FIRE.message).length

/** One try at everything that is due; what must be tried again is given back, as a worker does. */
async function attempt(): Promise<void> {
  for (const lease of await bench.take()) {
    const { partition, queue, jobId, token, job } = lease
    await bench.perform(lease, bench.services).catch(() =>
      bench.store.commit({
        ...{ partition, guards: [['lease', queue, jobId, token]] },
        ops: [['enqueue', queue, jobId, job, 'critical', bench.clock.now() + 2000, 1e9]],
      }),
    )
  }
  bench.clock.advance(31_000)
}

describe('while a part of the store is away', () => {
  it.each([
    ['the limits of sources', /alerts:unanswered/],
    ['policies', /escalation_polic/],
    ['routes', /alert_routing/],
    ['silences', /silence/],
    ['schedules', /schedule/],
  ])('that has %s, an alert is taken and told', async (_, pattern) => {
    const [before] = [await fires('ada')]
    away(pattern)
    await bench.services.alerts.raise(FIRE, ownWork)
    await attempt()
    vi.restoreAllMocks()
    expect(await fires('ada')).toBe(before + 1)
  })

  it('that has the admins, whoever is on call is told; the admins are once it is back', async () => {
    const [ada, grace] = [await fires('ada'), await fires('grace')]
    const back = away(/users:admin/)
    const { alert_id } = await bench.services.alerts.raise(FIRE, ownWork)
    await attempt()
    back()
    expect([await fires('ada'), await fires('grace')]).toEqual([ada + 1, grace])
    await attempt()
    expect([await fires('ada'), await fires('grace')]).toEqual([ada + 1, grace + 1])
    expect((await bench.services.alertStore.told(alert_id)).sort()).toEqual(['ada', 'grace'])
  })

  it('that has one person, the others are told, and by their own rules, in their own time', async () => {
    await bench.provePhone('ada')
    const rules = [
      { channel: 'push' as const, delay_minutes: 0, severity: null },
      { channel: 'sms' as const, delay_minutes: 2, severity: null },
    ]
    await bench.services.notificationRules.save('ada', rules)
    const before = await fires('ada')
    const back = away(/user:grace:notification_rules|"grace"/)
    const { alert_id } = await bench.services.alerts.raise(FIRE, ownWork)
    for (let n = 0; n < 3; n++) await attempt()
    expect(await fires('ada')).toBe(before + 1)
    bench.clock.advance(60_000)
    for (let n = 0; n < 4; n++) await attempt()
    back()
    expect(await fires('ada')).toBe(before + 2)
    expect((await bench.heard('ada')).at(-1)?.channels).toEqual(['sms'])
    expect((await bench.history(alert_id)).filter((word) => word === 'notified')).toHaveLength(1)
  })
})

describe('the work of an alert', () => {
  it('that fails for a reason that nobody thought of is tried again until it is done', async () => {
    await bench.services.alerts.raise(FIRE, ownWork)
    const before = await fires('ada')
    vi.spyOn(bench.services.alertStore, 'find').mockRejectedValueOnce(new TypeError('oops'))
    await bench.work()
    expect(await fires('ada')).toBe(before)
    await bench.pass(1)
    expect(await fires('ada')).toBe(before + 1)
  })

  it('with which process after process died is taken up again, and not left among what failed', async () => {
    const { store, keys, clock } = bench
    await bench.services.alerts.raise(FIRE, ownWork)
    const queue = keys.queue('alert')
    await bench.take()
    clock.advance(31_000)
    const { failed } = await store.reap(0, queue, 1)
    const givenUp = new GivenUp({ store, keys, clock })
    for (const jobId of failed) await givenUp.note({ queue, partition: 0, jobId })
    const before = await fires('ada')
    expect((await store.depth(0, queue)).failed).toBe(0)
    await bench.pass(5)
    expect(await fires('ada')).toBe(before + 1)
  })
})
