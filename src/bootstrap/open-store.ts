import { join } from 'node:path'
import { MIGRATIONS } from '../../services/operations/migrations.ts'
import type { Announce } from '../broadcasting/drivers/redis.ts'
import type { Config } from '../config.ts'
import type { Bus } from '../store/bus.ts'
import { MemoryBus } from '../store/memory-bus.ts'
import { migrate } from '../store/migrate.ts'
import { RedisBus } from '../store/redis/redis-bus.ts'
import { RedisStore } from '../store/redis/redis-store.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { makeDataFolder } from './data-folder.ts'

export interface OpenedStore {
  readonly store: Store
  readonly bus: Bus
  /** Tells whoever listens on Redis by these names; `null` where there is none. */
  readonly announce: Announce | null
}

type StoreConfig = Pick<Config, 'redis' | 'dataDir'>

interface Means {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Where things are kept and how processes talk: Redis where there is one, else the
 * embedded parts. What an older release kept is brought up to date; throws when a
 * newer one wrote it.
 */
export async function openStore(config: StoreConfig, means: Means): Promise<OpenedStore> {
  const opened = await open(config, means)
  try {
    await migrate(opened.store, { migrations: MIGRATIONS, log: means.log })
    return opened
  } catch (error) {
    await opened.bus.close()
    await opened.store.close()
    throw error
  }
}

async function open(config: StoreConfig, { clock, log }: Means): Promise<OpenedStore> {
  if (config.redis === null) {
    makeDataFolder(config.dataDir)
    const path = join(config.dataDir, 'belfry.db')
    return { store: openSqliteStore({ path, clock, log }), bus: new MemoryBus(), announce: null }
  }
  const store = await RedisStore.connect(config.redis, { log })
  for (const warning of await store.checkDurability()) log.warn(warning)
  const bus = await RedisBus.connect(config.redis, { log })
  return { store, bus, announce: (channels, message) => bus.announce(channels, message) }
}
