import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import type { StoredAlert } from '../../../services/alerts/alert-record.ts'
import { HeartbeatWatch } from '../../../services/heartbeats/heartbeat-watch.ts'
import { compileMonitor, MonitorDocument } from '../../../services/heartbeats/monitor.ts'
import type { Services } from '../../../src/bootstrap/services.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench } from '../../support/alert-bench.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { makeContext } from '../../support/make-context.ts'

const TIMEOUT_MS = 60_000
const MONITOR = compileMonitor(
  MonitorDocument.parse({ id: 'pumps', topic: 'pumps/{id}/telemetry', timeout: '1m' }),
)

let bench: AlertBench
beforeEach(() => {
  bench = new AlertBench()
  bench.services.heartbeats.use([MONITOR])
})
afterEach(() => bench.store.close())

const beat = (id: string, { heartbeats }: Services = bench.services) =>
  heartbeats.take(makeContext({ target: `pumps/${id}/telemetry` }))

/** What a process looks after silences with. */
function watchOf(services = bench.services, parts: object = {}) {
  const { store, keys, clock } = bench
  return new HeartbeatWatch({
    ...{ store, keys, clock, log, heartbeats: services.heartbeats },
    ...{ isListening: () => true, losesBeats: false, ...parts },
  })
}

/** Does the work that a silence or its end leaves. */
async function work(services = bench.services): Promise<void> {
  const queue = bench.keys.queue('rule')
  for (;;) {
    const leases = await bench.store.take(0, queue, 100, 30_000)
    if (leases.length === 0) return
    for (const lease of leases) {
      const { ops } = await services.ruleWork.handle(lease)
      const guards = [['lease', lease.queue, lease.jobId, lease.token] as const]
      await bench.store.commit({ partition: 0, guards, ops })
    }
  }
}

async function openAlerts(): Promise<StoredAlert[]> {
  const found: StoredAlert[] = []
  for await (const alert of bench.services.alertStore.open()) found.push(alert)
  return found
}

/** Looks four times a second, until `seconds` have passed. */
async function pass(seconds: number, ...watches: readonly HeartbeatWatch[]): Promise<void> {
  for (let quarter = 0; quarter < seconds * 4; quarter++) {
    bench.clock.leap(250)
    await Promise.all(watches.map((watch) => watch.round()))
    await work()
  }
}

it('[G-22] of 10 000 devices one falls silent: one alert, within its time and a second', async () => {
  const [watch, other] = [watchOf(), watchOf()]
  await watch.round()
  const ids = Array.from({ length: 10_000 }, (_, n) => `p${n}`)
  await Promise.all(ids.map((id) => beat(id)))
  const silentSince = bench.clock.now()
  await pass(30, watch, other)
  await Promise.all(ids.filter((id) => id !== 'p4711').map((id) => beat(id)))
  await pass(29, watch, other)
  expect(await openAlerts()).toEqual([])
  await pass(2, watch, other)
  const [alert, ...more] = await openAlerts()
  expect(more).toEqual([])
  expect(alert).toMatchObject({ type: 'device_silent', labels: { id: 'p4711' } })
  const took = Date.parse(alert!.created_at) - silentSince
  expect(took).toBeGreaterThanOrEqual(TIMEOUT_MS)
  expect(took).toBeLessThanOrEqual(TIMEOUT_MS + 1_000)
  await beat('p4711')
  await work()
  expect(await openAlerts()).toEqual([])
})

it('[G-22] after a restart everybody has the whole time again, and who stays silent is noticed once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-heartbeats-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  await bench.store.close()
  bench = new AlertBench({ path: join(folder, 'belfry.db') })
  bench.services.heartbeats.use([MONITOR])
  await watchOf().round()
  await Promise.all(['a', 'b'].map((id) => beat(id)))
  bench.clock.leap(10 * TIMEOUT_MS)
  await bench.restart()
  bench.services.heartbeats.use([MONITOR])
  const watch = watchOf(bench.services, { losesBeats: true })
  await pass(58, watch)
  expect(await openAlerts()).toEqual([])
  await beat('a')
  await pass(4, watch)
  expect((await openAlerts()).map(({ labels }) => labels.id)).toEqual(['b'])
})

it('two processes: beats that one takes count for the other, and a silence is one alert', async () => {
  const second = bench.process()
  second.heartbeats.use([MONITOR])
  const watches = [watchOf(), watchOf(second)]
  await pass(1, ...watches)
  await beat('a')
  await beat('b')
  for (let round = 0; round < 4; round++) {
    await pass(30, ...watches)
    await beat('a', round % 2 === 0 ? second : bench.services)
  }
  const open = await openAlerts()
  expect(open.map(({ labels }) => labels.id)).toEqual(['b'])
  expect(await bench.show(open[0]!.id)).toMatchObject({ count: 1 })
})

it('an outage of the broker raises no storm: afterwards everybody has the whole time again', async () => {
  let isListening = true
  const watch = watchOf(bench.services, { isListening: () => isListening })
  await pass(1, watch)
  const ids = Array.from({ length: 200 }, (_, n) => `p${n}`)
  await Promise.all(ids.map((id) => beat(id)))
  isListening = false
  await pass(300, watch)
  isListening = true
  await pass(59, watch)
  expect(await openAlerts()).toEqual([])
  await Promise.all(ids.map((id) => beat(id)))
  await pass(30, watch)
  expect(await openAlerts()).toEqual([])
})

it('a last will says it at once, and its silence is told once', async () => {
  const monitor = compileMonitor(
    MonitorDocument.parse({
      ...{ id: 'pumps', topic: 'pumps/{id}/telemetry', timeout: 60 },
      last_will: { topic: 'pumps/{id}/status' },
    }),
  )
  bench.services.heartbeats.use([monitor])
  const watch = watchOf()
  await pass(1, watch)
  await beat('a')
  const will = makeContext({ target: 'pumps/a/status', payload: 'offline' })
  await bench.services.heartbeats.take(will)
  await work()
  expect(await openAlerts()).toHaveLength(1)
  await bench.services.heartbeats.take(will)
  await pass(70, watch)
  const [alert] = await openAlerts()
  expect(await bench.show(alert!.id)).toMatchObject({ count: 1 })

  // What the broker kept may be older than the last sign of life.
  const kept = (id: string, payload: string) =>
    bench.services.heartbeats.take(
      makeContext({ target: `pumps/${id}/status`, payload, retained: true }),
    )
  await kept('a', 'online')
  await beat('b')
  await kept('b', 'offline')
  await kept('c', 'offline')
  await work()
  expect((await openAlerts()).map(({ labels }) => labels.id).sort()).toEqual(['a', 'c'])
})

it('who beats after the clock was set back is missed in his time, not in that of before', async () => {
  const watch = watchOf()
  await watch.round()
  await beat('p1')
  bench.clock.leap(-86_400_000)
  await pass(5, watch)
  await beat('p1')
  await pass(62, watch)
  expect(await openAlerts()).toMatchObject([{ labels: { id: 'p1' } }])
})

it('a shorter time-out holds from the next sign of life on', async () => {
  const watch = watchOf()
  const slow = MonitorDocument.parse({ id: 'pumps', topic: 'pumps/{id}/telemetry', timeout: '1h' })
  bench.services.heartbeats.use([compileMonitor(slow)])
  await watch.round()
  await beat('p1')
  bench.services.heartbeats.use([MONITOR])
  await beat('p1')
  await pass(62, watch)
  expect(await openAlerts()).toHaveLength(1)
})

it('who falls silent is noticed while it cannot be noted that beats are listened to', async () => {
  const watch = watchOf()
  await watch.round()
  await beat('p1')
  const { store, keys } = bench
  const get = store.get.bind(store)
  vi.spyOn(store, 'get').mockImplementation((partition, key) =>
    key === keys.heartbeatsWatched()
      ? Promise.reject(new Unavailable('away'))
      : get(partition, key),
  )
  await pass(62, watch)
  vi.restoreAllMocks()
  expect(await openAlerts()).toHaveLength(1)
})
