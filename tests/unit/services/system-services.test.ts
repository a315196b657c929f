import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MaintenanceNotice } from '../../../services/alerts/maintenance-service.ts'
import { Announcements } from '../../../services/broadcasts/announcements.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { StatusService } from '../../../services/operations/status-service.ts'
import { isoTime } from '../../../src/support/clock.ts'
import { AlertBench } from '../../support/alert-bench.ts'
import { DirectBench } from '../../support/direct-bench.ts'

const DAY_MS = 86_400_000

let bench: DirectBench
let told: string[]
beforeEach(() => {
  bench = new DirectBench()
  told = []
})
afterEach(() => bench.store.close())

const broadcast = (_channel: string, event: string) => void told.push(event)

describe('StatusService', () => {
  it('[S1-058] keeps the last word of each for a month, then forgets the component', async () => {
    const { store, keys } = bench
    const announcements = new Announcements({ ...bench, broadcast, connection: 'gateway' })
    const service = new StatusService({ ...bench, announcements })
    const say = (component: string, status: string) =>
      service.update({ component, status, message: null, data: {} }, ownWork)
    await say('db', 'down')
    await say('db', 'ok')
    await say('cache', 'ok')
    const known = async () => (await service.list()).map(({ component }) => component)
    expect(await known()).toEqual(['cache', 'db'])
    expect(told).toHaveLength(3)
    for await (const { key, ttlMs } of store.keys('system:status:*')) {
      expect(ttlMs, key).toBe(30 * DAY_MS)
    }
    await store.commit({ partition: 0, ops: [['del', keys.systemStatus('db')]] })
    expect(await known()).toEqual(['cache'])
    expect(await store.members(0, keys.systemComponents())).toEqual(['cache'])
  })

  it('[S0-055 S2-069] is told of by a service elsewhere with the write that keeps it, once', async () => {
    const commit = vi.spyOn(bench.store, 'commit')
    const announcements = new Announcements({ ...bench, broadcast, connection: 'redis' })
    const service = new StatusService({ ...bench, announcements })
    const identity = { ...ownWork, target: 'status', idempotencyKey: 'k1' }
    const status = { component: 'db', status: 'down', message: null, data: {} }
    for (let n = 0; n < 2; n++) await service.update(status, identity)
    const written = commit.mock.calls.map(([{ ops }]) => ops.map(([op]) => op))
    expect(written[0]).toEqual(['set', 'sadd', 'enqueue'])
    expect(told).toEqual(['status.updated'])
    expect(await bench.jobs('broadcasts')).toMatchObject([
      { connection: 'redis', channels: ['system-status'], event: 'status.updated' },
    ])
  })
})

describe('MaintenanceService', () => {
  const notice: MaintenanceNotice = {
    ...{ type: 'started', startsAt: null, durationMinutes: 60, services: ['db'], message: null },
  }
  let alerts: AlertBench
  beforeEach(() => {
    alerts = new AlertBench()
  })
  afterEach(() => alerts.store.close())

  const announce = (given: Partial<MaintenanceNotice> = {}) =>
    alerts.services.maintenance.announce({ ...notice, ...given }, ownWork)
  const states = async () =>
    (await alerts.services.silences.list()).map(({ state }) => state).sort()

  it('[S1-059] is a silence for its services until its end', async () => {
    const { maintenance_id: id } = await announce({ message: 'new disks' })
    const { silences } = alerts.services
    expect(await silences.find(id)).toMatchObject({
      ...{ state: 'active', maintenance: true, affected_systems: ['db'], comment: 'new disks' },
      ends_at: isoTime(alerts.clock.now() + 3_600_000),
    })
    const alert = { type: 'slow', severity: 'warning', source: null, labels: {} } as const
    const quiet = async (...affected_systems: string[]) =>
      (await silences.inForce({ ...alert, affected_systems })).length
    expect(await quiet('web', 'db')).toBe(1)
    expect(await quiet('web')).toBe(0)
    expect(await quiet()).toBe(0)
    alerts.clock.advance(3_600_000)
    expect(await quiet('db')).toBe(0)
    expect(await states()).toEqual(['expired'])
  })

  it('[S1-059] scheduled, it begins when it said; without services it silences nothing', async () => {
    await announce({ type: 'scheduled', startsAt: alerts.clock.now() + 60_000 })
    await announce({ services: [] })
    expect(await states()).toEqual(['pending'])
    alerts.clock.advance(60_000)
    expect(await states()).toEqual(['active'])
  })

  it('[S1-059] completed, it ends for the services that it names, for all when it names none', async () => {
    await announce()
    await announce({ services: ['web'] })
    await announce({ services: ['mail'] })
    await announce({ type: 'completed', services: ['db', 'other'] })
    expect(await states()).toEqual(['active', 'active', 'expired'])
    await announce({ type: 'completed', services: [] })
    expect(await states()).toEqual(['expired', 'expired', 'expired'])
  })
})
