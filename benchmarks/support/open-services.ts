import { join } from 'node:path'
import { messageOf } from '../../services/notifications/notification-record.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { singleConfig } from '../../tests/support/redis-configs.ts'
import { DAY_MS } from './services-command.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A message that is stored, and queued for e-mail. */
export const MESSAGE = messageOf({
  title: 'Maintenance',
  message: 'm'.repeat(110),
  priority: 'high',
  data: { area: 'north', hours: 2 },
})

/** Our services over one store: `sqlite`, or the URL of a Redis. */
export async function openServices(where: string) {
  const log = createLogger('warn')
  const keys = new Keys()
  const bus = new MemoryBus()
  const store = await openStore()
  const retention = { notificationTtlMs: DAY_MS, unreadTtlMs: 30 * DAY_MS, inboxLimit: 100 }
  const services = createServices({ store, bus, keys, clock, log, retention })
  return { store, bus, keys, log, services }

  async function openStore(): Promise<Store> {
    if (where !== 'sqlite') {
      return RedisStore.connect(singleConfig(Number(new URL(where).port)), { log })
    }
    return openSqliteStore({ path: join(temporaryFolder(), 'store.db'), clock, log })
  }
}
