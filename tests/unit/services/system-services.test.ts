import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type MaintenanceNotice,
  MaintenanceService,
} from '../../../services/alerts/maintenance-service.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { StatusService } from '../../../services/operations/status-service.ts'
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
    const service = new StatusService({ ...bench, broadcast })
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
})

describe('MaintenanceService', () => {
  const notice: MaintenanceNotice = {
    ...{ type: 'started', startsAt: null, durationMinutes: 60, services: ['db'], message: null },
  }

  it('[S1-059] silences its services until its end, and is then taken off the list', async () => {
    const service = new MaintenanceService({ ...bench, broadcast, onCompleted: () => {} })
    await service.announce(notice, ownWork)
    const endsAt = bench.clock.now() + 3_600_000
    expect(await service.silencing(['web', 'db'])).toMatchObject({ endsAt })
    expect(await service.silencing(['web'])).toBeNull()
    bench.clock.advance(3_600_001)
    expect(await service.silencing(['db'])).toBeNull()
    await service.announce({ ...notice, services: ['web'] }, ownWork)
    expect(await bench.store.count(0, bench.keys.maintenances())).toBe(1)
  })

  it('[S1-059] completed, it silences nobody any more, and says so', async () => {
    let completed = 0
    const onCompleted = () => void completed++
    const service = new MaintenanceService({ ...bench, broadcast, onCompleted })
    await service.announce(notice, ownWork)
    expect(completed).toBe(0)
    await service.announce({ ...notice, type: 'completed' }, ownWork)
    expect(completed).toBe(1)
    expect(await service.silencing(['db'])).toBeNull()
    expect(told).toEqual(['maintenance.started', 'maintenance.completed'])
  })
})
