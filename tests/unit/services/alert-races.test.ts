import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import type { Lease } from '../../../src/store/store.ts'
import { isoTime } from '../../../src/support/clock.ts'
import { AlertBench, MINUTE_MS } from '../../support/alert-bench.ts'

const REPORT = {
  ...{ type: 'fire', severity: 'warning' as const, message: 'It burns', source: null },
  ...{ affectedSystems: [], labels: {}, data: {}, dedupKey: null },
}

let bench: AlertBench
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belfry-alerts-'))
  bench = new AlertBench({ path: join(folder, 'belfry.db') })
  await bench.person('ada')
  await bench.onCall('fire', 'ada')
})
afterEach(async () => {
  await bench.store.close()
  await rm(folder, { recursive: true })
})

/** An hour in which fires tell nobody. */
function silenceFires(): Promise<unknown> {
  const matchers = [{ name: 'alert_type', operator: '=', value: 'fire' }] as const
  const span = { starts_at: null, ends_at: isoTime(bench.clock.now() + 60 * MINUTE_MS) }
  const rest = { recurrence: null, expire_on_resolve: false, notify_on_end: true }
  const about = { created_by: 'grace', comment: 'drill', affected_systems: [] }
  return bench.services.silences.create({ matchers, ...span, ...rest, ...about }, 'drill')
}

describe('the log of an alert that is resolved while a worker looks at it', () => {
  it.each([
    ['a group', 'waits', async () => {}],
    ['a silence', 'silenced', () => silenceFires()],
  ])('says nothing of waiting for %s after that', async (_, word, setUp) => {
    await setUp()
    const raising = Array.from({ length: 100 }, (_, n) =>
      bench.services.alerts.raise({ ...REPORT, source: `pump-${n}` }, ownWork),
    )
    const ids = (await Promise.all(raising)).map(({ alert_id }) => alert_id)
    const leases = await bench.take()
    const looks = leases.map((lease) => bench.perform(lease, bench.services))
    const resolving = ids.map(async (id, n) => {
      for (let turns = n % 50; turns > 0; turns--) await new Promise(setImmediate)
      return bench.services.alertActions.resolve(id, { who: 'ada', note: null })
    })
    await Promise.all([...looks, ...resolving])
    const histories = await Promise.all(ids.map((id) => bench.history(id)))
    expect(histories.filter((words) => words.includes(word)).length).toBeLessThan(100)
    for (const words of histories) expect(words.at(-1)).toBe('resolved')
  })
})

describe('acknowledgements that meet due escalations', () => {
  it('[reliability 20] win or lose, 1000 times: nothing escalates after one was accepted', async () => {
    await bench.store.close()
    bench = new AlertBench()
    await bench.onCall('fire', 'ada')
    const sources = Array.from({ length: 1000 }, (_, n) => `pump-${n}`)
    const ids = await Promise.all(sources.map((source) => bench.raise({ source })))
    bench.clock.advance(5 * MINUTE_MS)
    const leases: Lease[] = []
    for (let n = 0; n < 10; n++) leases.push(...(await bench.take()))
    expect(leases).toHaveLength(1000)

    const { alertActions } = bench.services
    const steps = leases.map(async (lease, n) => {
      for (let turns = n % 7; turns > 0; turns--) await new Promise(setImmediate)
      await bench.perform(lease, bench.services)
    })
    const acks = ids.map(async (id, n) => {
      for (let turns = n % 5; turns > 0; turns--) await new Promise(setImmediate)
      return alertActions.acknowledge(id, { who: 'ada', note: null })
    })
    const answers = await Promise.all(acks)
    await Promise.all(steps)
    await bench.work()

    const histories = await Promise.all(ids.map((id) => bench.history(id)))
    expect(answers.every(({ status }) => status === 'acknowledged')).toBe(true)
    for (const words of histories) {
      expect(words.filter((word) => word === 'acknowledged')).toHaveLength(1)
      expect(words.slice(words.indexOf('acknowledged'))).not.toContain('escalated')
    }
    const escalated = histories.filter((words) => words.includes('escalated')).length
    // Both sides must have won somewhere, else nothing was raced.
    expect(escalated).toBeGreaterThan(0)
    expect(escalated).toBeLessThan(1000)
    expect(bench.news.filter(({ event }) => event === 'escalated')).toHaveLength(escalated)

    await bench.pass(20)
    for (const id of ids) expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
    expect(bench.news.filter(({ event }) => event === 'escalated')).toHaveLength(escalated)
  })
})

describe('a step', () => {
  it('is told once, after a restart in the middle of its delay', async () => {
    const id = await bench.raise()
    await bench.pass(3)
    await bench.restart()
    await bench.pass(1.9)
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(0.1)
    expect(await bench.heard('ada')).toHaveLength(2)
    expect(await bench.show(id)).toMatchObject({ step: 1 })
  })

  it('that became due while nothing ran is told late, and the next one after its delay', async () => {
    const id = await bench.raise()
    await bench.store.close()
    bench.clock.advance(60 * MINUTE_MS)
    await bench.restart()
    await bench.work()
    expect(await bench.heard('ada')).toHaveLength(2)
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 0 })
    await bench.pass(5)
    expect(await bench.show(id)).toMatchObject({ step: 0, loop: 1 })
  })

  it('is told once by two processes', async () => {
    const other = bench.process()
    const id = await bench.raise()
    for (let n = 1; n <= 3; n++) {
      bench.clock.advance(5 * MINUTE_MS)
      await Promise.all([bench.work(), bench.work(other), bench.work(), bench.work(other)])
      expect(await bench.heard('ada')).toHaveLength(n + 1)
    }
    expect((await bench.history(id)).filter((word) => word === 'escalated')).toHaveLength(3)
  })

  it('is told once when two processes hold the same job, as after a lost lease', async () => {
    const other = bench.process()
    const id = await bench.raise()
    bench.clock.advance(5 * MINUTE_MS)
    for (let hops = 0; hops < 2; hops++) {
      const leases = await bench.take()
      expect(leases).toHaveLength(1)
      const both = leases.flatMap((lease) => [
        bench.perform(lease, bench.services),
        bench.perform(lease, other),
      ])
      await Promise.all(both)
    }
    expect(await bench.heard('ada')).toHaveLength(2)
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 0 })
  })

  it('is told when the process that decided it died before telling', async () => {
    await bench.raise()
    bench.clock.advance(5 * MINUTE_MS)
    const [escalation] = await bench.take()
    await bench.services.alertWork.handle(escalation!)
    const [telling] = await bench.take()
    await bench.services.alertWork.handle(telling!)
    await bench.restart()
    bench.clock.advance(MINUTE_MS)
    const { requeued } = await bench.store.reap(0, bench.keys.queue('alert'), 5)
    expect(requeued).toHaveLength(2)
    await bench.work()
    expect(await bench.heard('ada')).toHaveLength(2)
    await bench.pass(4)
    expect(await bench.heard('ada')).toHaveLength(3)
  })

  it('comes late when the clock is set back an hour; none is skipped, none told twice', async () => {
    const id = await bench.raise()
    await bench.pass(4)
    bench.clock.advance(-60 * MINUTE_MS)
    await bench.pass(60.9)
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(0.1)
    expect(await bench.heard('ada')).toHaveLength(2)
    await bench.pass(5)
    expect(await bench.heard('ada')).toHaveLength(3)
    expect(await bench.show(id)).toMatchObject({ step: 0, loop: 1 })
  })
})
