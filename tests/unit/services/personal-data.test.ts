import { describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { createServices } from '../../../src/bootstrap/services.ts'
import { Keys } from '../../../src/store/keys.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ID = '7f9c2c1e-5d3a-4b8e-9b8f-0c1d2e3f4a5b'

describe('PersonalData', () => {
  it('exports what is kept, and erases it so that no key or record names the person', async () => {
    const clock = new FakeClock()
    const log = createLogger('silent')
    const store = openSqliteStore({ path: ':memory:', clock, log })
    const retention = { notificationTtlMs: 1e8, unreadTtlMs: 1e9, inboxLimit: 100 }
    const parts = { store, bus: new MemoryBus(), keys: new Keys(), clock, log, retention }
    const services = createServices(parts)
    await services.directory.save(ID, {
      email: 'ada@example.com',
      roles: ['admin'],
      groups: ['ops'],
      devices: [{ platform: 'ios', token: 'abc' }],
    })
    await services.directory.savePreferences(ID, { sms: true })
    await services.sessions.connect(ID, { sessionId: 'phone' })
    const message = messageOf({ message: 'Hello', priority: 'critical' })
    await services.notifications.send({ userId: ID, message, identity: ownWork })

    const exported = await services.personalData.export(ID)
    expect(exported).toMatchObject({
      profile: { email: 'ada@example.com', groups: ['ops'] },
      preferences: { sms: true },
      notifications: [{ message: 'Hello' }],
      sessions: [{ session_id: 'phone' }],
    })
    expect(await services.personalData.erase(ID)).toMatchObject({ status: 'erased', sessions: 1 })
    for await (const stored of store.keys()) {
      expect(JSON.stringify(stored)).not.toContain(ID)
      expect(JSON.stringify(stored)).not.toContain('ada@example.com')
    }
    await store.close()
  })
})
