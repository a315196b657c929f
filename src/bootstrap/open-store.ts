import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Bus } from '../store/bus.ts'
import { MemoryBus } from '../store/memory-bus.ts'
import { RedisBus } from '../store/redis/redis-bus.ts'
import { RedisStore } from '../store/redis/redis-store.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

/** Where things are kept and how processes talk: Redis where there is one, else the embedded parts. */
export async function openStore(
  config: Pick<Config, 'redis' | 'dataDir'>,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<{ store: Store; bus: Bus }> {
  if (config.redis === null) {
    mkdirSync(config.dataDir, { recursive: true })
    const path = join(config.dataDir, 'belfry.db')
    return { store: openSqliteStore({ path, clock, log }), bus: new MemoryBus() }
  }
  const store = await RedisStore.connect(config.redis, { log })
  for (const warning of await store.checkDurability()) log.warn(warning)
  return { store, bus: await RedisBus.connect(config.redis, { log }) }
}
