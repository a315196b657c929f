import { join } from 'node:path'
import { RedisStore } from '../../../src/store/redis/redis-store.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Store, StoredKey } from '../../../src/store/store.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { clusterConfig, singleConfig } from '../../support/redis-configs.ts'
import type { Surroundings, TestService } from '../../support/service.ts'

// biome-ignore lint/suspicious/noExplicitAny: scenarios read records of every shape.
export type Json = any

/** Everything that a store held at one moment. */
export class StoreView {
  readonly #entries: readonly StoredKey[]

  constructor(entries: readonly StoredKey[]) {
    this.#entries = entries
  }

  /** Reads all of it; the embedded store belongs to its service as long as that runs. */
  static async read(service: Pick<TestService, 'dataDir' | 'surroundings'>): Promise<StoreView> {
    const store = await openStore(service.surroundings, service.dataDir)
    try {
      const entries: StoredKey[] = []
      for await (const entry of store.keys()) entries.push(entry)
      return new StoreView(entries)
    } finally {
      await store.close()
    }
  }

  /** Keys in all partitions whose names match. */
  names(pattern: RegExp): string[] {
    return this.#matching(pattern).map(({ key }) => key)
  }

  /** The JSON records whose names match. */
  records(pattern: RegExp): Json[] {
    return this.#matching(pattern).flatMap((entry) =>
      entry.kind === 'string' ? [JSON.parse(entry.value)] : [],
    )
  }

  /** Members of every list, set and sorted set whose names match. */
  members(pattern: RegExp): string[] {
    return this.#matching(pattern).flatMap((entry) => {
      if (entry.kind === 'zset') return entry.value.map(([member]) => member)
      return entry.kind === 'list' || entry.kind === 'set' ? [...entry.value] : []
    })
  }

  #matching(pattern: RegExp): StoredKey[] {
    return this.#entries.filter(({ key }) => pattern.test(key))
  }
}

function openStore({ parts, redis, env }: Surroundings, dataDir: string): Promise<Store> | Store {
  const log = createLogger('silent')
  if (parts === 'embedded') {
    return openSqliteStore({ path: join(dataDir, 'belfry.db'), clock: systemClock, log })
  }
  if (parts === 'external') return RedisStore.connect(singleConfig(redis!.port), { log })
  const ports = env.REDIS_URL!.split(',').map((url) => Number(new URL(url).port))
  return RedisStore.connect(clusterConfig(ports), { log })
}
