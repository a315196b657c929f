import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { exportStore, importStore } from '../../src/bootstrap/transfer.ts'
import { Keys } from '../../src/store/keys.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { RedisConfig } from '../../src/store/redis/redis-config.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Op, Store } from '../../src/store/store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { uuidv7 } from '../../src/support/ids.ts'
import { createLogger } from '../../src/support/logger.ts'
import { clusterConfig, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, startRedisCluster } from '../support/servers.ts'
import { isFull, note } from './support/figures.ts'

const USERS = isFull ? 100_000 : 3_000
const RECORDS = 10
/** What a process may grow by, however much it moves. */
const GROWTH_BYTES = 400 * 1024 * 1024

const log = createLogger('silent')
const keys = new Keys()

interface Other {
  readonly config: RedisConfig
  stop(): Promise<void>
}

const OTHERS = [
  ['Redis', redisAlone],
  ['a Redis Cluster', redisCluster],
] as const

it.runIf(requireServer('redis-server')).each(OTHERS)(
  'a whole store moves to %s and back in bounded memory, and nothing is another',
  async (name, start) => {
    const folder = mkdtempSync(join(tmpdir(), 'belfry-moving-'))
    const other = await start()
    const from = openSqliteStore({ path: join(folder, 'from.db'), clock, log })
    const there = await RedisStore.connect(other.config, { log })
    const back = openSqliteStore({ path: join(folder, 'back.db'), clock, log })
    try {
      await migrate(from, { migrations: [], log })
      await fill(from)
      const watch = new Growth()
      const startedAt = performance.now()
      const first = join(folder, 'first.jsonl')
      let shown = 0
      const count = await exportStore(from, createWriteStream(first), () => {
        shown += 1
      })
      await importStore(there, first, { log })
      const second = join(folder, 'second.jsonl')
      await exportStore(there, createWriteStream(second))
      await importStore(back, second, { log })
      const third = join(folder, 'third.jsonl')
      await exportStore(back, createWriteStream(third))
      const growth = watch.stop()
      note(`a store to ${name} and back`, {
        users: USERS,
        keys: count,
        megabytes: Math.round(statSync(first).size / 1e6),
        'three exports and two imports in ms': Math.round(performance.now() - startedAt),
        'memory grew by MB': Math.round(growth / 1e6),
      })
      expect(shown).toBe(count)
      expect(count).toBeGreaterThan(USERS * (RECORDS + 1))
      expect(await digest(third)).toEqual(await digest(first))
      expect(growth).toBeLessThan(GROWTH_BYTES)
    } finally {
      await Promise.all([from, there, back].map((store) => store.close()))
      await other.stop()
      rmSync(folder, { recursive: true })
    }
  },
)

async function redisAlone(): Promise<Other> {
  const redis = await startRedis()
  return { config: singleConfig(redis.port), stop: () => redis.stop() }
}

async function redisCluster(): Promise<Other> {
  const cluster = await startRedisCluster()
  return { config: clusterConfig(cluster.ports), stop: () => cluster.stop() }
}

/** Users with profiles and full inboxes. */
async function fill(store: Store): Promise<void> {
  for (let start = 0; start < USERS; start += 100) {
    const writes = Array.from({ length: Math.min(100, USERS - start) }, (_, n) =>
      store.commit({ partition: 0, ops: opsOf(`user-${start + n}`) }),
    )
    await Promise.all(writes)
  }
}

function opsOf(user: string): Op[] {
  const profile = JSON.stringify({ id: user, email: `${user}@example.com` })
  return [
    ['set', keys.profile(user), profile, 0],
    ['zadd', keys.users(), 0, user],
    ...Array.from({ length: RECORDS }, (_, n): Op => {
      const id = uuidv7(clock.now())
      const record = JSON.stringify({ id, user_id: user, message: `m${n} ${'x'.repeat(150)}` })
      return ['inbox', keys.scope, user, id, record, 0, 100]
    }),
  ]
}

/** The largest resident set from now on, beyond what there was. */
class Growth {
  readonly #before = process.memoryUsage.rss()
  #most = this.#before
  readonly #timer = setInterval(() => {
    this.#most = Math.max(this.#most, process.memoryUsage.rss())
  }, 50)

  stop(): number {
    clearInterval(this.#timer)
    return this.#most - this.#before
  }
}

/** The last digits of an id, which say in which partition of a Cluster it lies. */
const PLACE = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8})[0-9a-f]{4}/g

/** A number that is the same for the same lines in any order. */
async function digest(file: string): Promise<{ lines: number; sum: number }> {
  let [lines, sum] = [0, 0]
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { key, kind, value } = JSON.parse(line.replace(PLACE, '$1')) as Record<string, unknown>
    if (typeof key !== 'string' || key.startsWith('imported:') || key.startsWith('setting:'))
      continue
    const sorted = Array.isArray(value) && kind !== 'list' ? value.toSorted() : value
    sum = (sum + hashOf(JSON.stringify([key, kind, sorted]))) % Number.MAX_SAFE_INTEGER
    lines += 1
  }
  return { lines, sum }
}

function hashOf(text: string): number {
  let hash = 2166136261
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 16777619) >>> 0
  }
  return hash
}
