import { Redis } from 'ioredis'
import type { RedisConfig } from '../../src/store/redis/redis-config.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { createLogger } from '../../src/support/logger.ts'
import type { StoreUnderTest } from '../contracts/store/subject.ts'
import { FakeClock } from './fake-clock.ts'

const local = (ports: readonly number[]): RedisConfig => ({
  mode: 'single',
  nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
  db: 0,
  username: null,
  password: null,
  tls: null,
  sentinelName: null,
  sentinelPassword: null,
  prefix: '',
  partitions: 1,
})

/** The configuration of one Redis on this machine. */
export function singleConfig(port: number, changes: Partial<RedisConfig> = {}): RedisConfig {
  return { ...local([port]), ...changes }
}

/** The configuration of a cluster on this machine, with the usual 16 partitions. */
export function clusterConfig(
  ports: readonly number[],
  changes: Partial<RedisConfig> = {},
): RedisConfig {
  return { ...local(ports), mode: 'cluster', partitions: 16, ...changes }
}

/** Removes every key of the servers on these ports. */
export async function emptyRedis(ports: readonly number[]): Promise<void> {
  await Promise.all(
    ports.map(async (port) => {
      const redis = new Redis(port, '127.0.0.1')
      await redis.flushall()
      redis.disconnect()
    }),
  )
}

/** A store over the servers on these ports, without the keys that were there. */
export async function openEmptyRedis(
  config: RedisConfig,
  ports: readonly number[],
): Promise<StoreUnderTest> {
  await emptyRedis(ports)
  const clock = new FakeClock()
  const store = await RedisStore.connect(config, { log: createLogger('silent'), clock })
  return { store, clock, tearDown: () => store.close() }
}
