import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { messageOf } from '../../services/notifications/notification-record.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { exportStore, importStore } from '../../src/bootstrap/transfer.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { migrate, VERSION_KEY } from '../../src/store/migrate.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { isTransient } from '../../src/store/transient-keys.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { clusterConfig, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, startRedisCluster } from '../support/servers.ts'

const log = createLogger('silent')
const hasRedis = requireServer('redis-server')
const USERS = 40

describe('store export and import', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-transfer-'))
  const original = embedded()
  const undo: (() => Promise<unknown>)[] = [() => original.close()]

  beforeAll(async () => {
    await migrate(original, { migrations: [], log })
    await fill(original)
  })
  afterAll(async () => {
    for (const step of undo) await step()
    rmSync(folder, { recursive: true })
  })

  function embedded(): Store {
    return openSqliteStore({ path: ':memory:', clock, log })
  }

  async function move(from: Store, to: Store): Promise<string> {
    const file = join(folder, `${Math.random()}.jsonl`)
    await exportStore(from, createWriteStream(file))
    await importStore(to, file, { log })
    return file
  }

  it.runIf(hasRedis)('from the embedded store to Redis and back: nothing is another', async () => {
    const redis = await startRedis()
    undo.push(() => redis.stop())
    const there = await RedisStore.connect(singleConfig(redis.port), { log })
    undo.unshift(() => there.close())
    const back = embedded()
    undo.unshift(() => back.close())
    await move(original, there)
    await move(there, back)
    expect(await contents(back)).toEqual(await contents(original))
    expect((await contents(back)).length).toBeGreaterThan(USERS * 4)
  })

  it.runIf(hasRedis)('from a Redis Cluster, and into one with as many partitions', async () => {
    const cluster = await startRedisCluster()
    undo.push(() => cluster.stop())
    const config = clusterConfig(cluster.nodes.map(({ port }) => port))
    const there = await RedisStore.connect({ ...config, prefix: 'one:' }, { log })
    const other = await RedisStore.connect({ ...config, prefix: 'two:' }, { log })
    undo.unshift(() => Promise.all([there.close(), other.close()]))
    await migrate(there, { migrations: [], log })
    await fill(there)
    await move(there, other)
    for (const store of [there, other]) {
      const { inbox } = servicesOn(store)
      const { data, unread_count } = await inbox.list('user-7', {}, 15, null)
      expect([data.length, unread_count]).toEqual([2, 2])
      expect((await inbox.find('user-7', data[0]!.id)).id).toBe(data[0]!.id)
    }
    expect(await contents(other)).toEqual(await contents(there))
    const back = embedded()
    undo.unshift(() => back.close())
    await move(other, back)
    expect(statsOf(await contents(back))).toEqual(statsOf(await contents(original)))
    expect((await servicesOn(back).inbox.list('user-7', {}, 15, null)).unread_count).toBe(2)
  })

  it.runIf(hasRedis)('into a Redis Cluster of any size, and back: every id is found', async () => {
    const cluster = await startRedisCluster()
    undo.push(() => cluster.stop())
    const config = clusterConfig(cluster.nodes.map(({ port }) => port))
    const there = await RedisStore.connect(config, { log })
    const smaller = { ...config, prefix: 'eight:', partitions: 8 }
    const next = await RedisStore.connect(smaller, { log })
    const back = embedded()
    undo.unshift(() => Promise.all([there.close(), next.close(), back.close()]))
    const before = await contents(original)
    await move(original, there)
    await expectFound(there)
    await move(there, next)
    await expectFound(next)
    await move(next, back)
    expect(withoutPlaces(await contents(back))).toEqual(withoutPlaces(before))
    expect(await callOff(next)).toBe(USERS)
  })

  it('what was cut in the middle is completed by reading it again', async () => {
    const there = embedded()
    undo.unshift(() => there.close())
    const file = join(folder, 'whole.jsonl')
    await exportStore(original, createWriteStream(file))
    let writes = 0
    const dying = new Proxy(there, {
      get: (store, name) => {
        if (name === 'commit' && ++writes > 300) throw new Error('killed')
        const value = Reflect.get(store, name) as unknown
        return typeof value === 'function' ? value.bind(store) : value
      },
    })
    await expect(importStore(dying, file, { log })).rejects.toThrow('killed')
    expect((await contents(there)).length).toBeGreaterThan(100)
    await importStore(there, file, { log })
    expect(await contents(there)).toEqual(await contents(original))
  })

  it('read twice adds nothing', async () => {
    const there = embedded()
    undo.unshift(() => there.close())
    const file = await move(original, there)
    const once = await contents(there)
    await importStore(there, file, { log })
    expect(await contents(there)).toEqual(once)
  })

  it.each([
    ['is cut', (text: string) => text.slice(0, text.length / 2), 'is cut: it ends after'],
    ['was changed', (text: string) => text.replace('user-7@', 'user-8@'), 'its hash is another'],
    [
      'is of a newer release',
      (text: string) => text.replace(/"data_version":\d+/, '"data_version":999'),
      'is of a newer release: its data are version 999',
    ],
    ['is something else', () => 'hello\n', 'is no export of a store'],
  ])('writes nothing when the file %s', async (_what, spoil, message) => {
    const whole = await move(original, original)
    const file = join(folder, 'spoilt.jsonl')
    writeFileSync(file, spoil(readFileSync(whole, 'utf8')))
    const there = embedded()
    undo.unshift(() => there.close())
    await expect(importStore(there, file, { log })).rejects.toThrow(message)
    expect(await contents(there)).toEqual([])
  })
})

function servicesOn(store: Store) {
  const retention = { notificationTtlMs: 0, unreadTtlMs: 0, inboxLimit: 100 }
  return createServices({ store, bus: new MemoryBus(), keys: new Keys(), clock, log, retention })
}

/** People with profiles, inboxes, mails that wait and mails for later, and an open alert. */
async function fill(store: Store): Promise<void> {
  const { directory, notifications, alerts } = servicesOn(store)
  for (let n = 0; n < USERS; n++) {
    const userId = `user-${n}`
    const timezone = ['Europe/Paris', 'Asia/Tokyo', null][n % 3] ?? null
    const groups = [`group-${n % 3}`]
    await directory.save(userId, { email: `${userId}@example.com`, groups, timezone })
    const now = { title: 'Now', message: `m${n}`, priority: 'high' as const }
    const later = { ...now, sendAt: clock.now() + 3_600_000 }
    const quiet = { ...now, channels: ['database' as const] }
    for (const message of [now, later, quiet]) {
      await notifications.send({ userId, message: messageOf(message), identity: ownWork })
    }
  }
  await alerts.raise(HEAT, ownWork)
}

/** Whoever asks for an id finds it, and a report finds its open alert. */
async function expectFound(store: Store): Promise<void> {
  const { inbox, alerts, alertStore } = servicesOn(store)
  for (let n = 0; n < USERS; n++) {
    const { data, unread_count } = await inbox.list(`user-${n}`, {}, 15, null)
    expect([data.length, unread_count]).toEqual([2, 2])
    for (const { id } of data) expect((await inbox.find(`user-${n}`, id)).user_id).toBe(`user-${n}`)
  }
  const id = await alerts.openAlertOf(HEAT)
  expect((await alertStore.find(id)).count).toBe(1)
}

/** What waits for later is called off by its id, wherever it lies. */
async function callOff(store: Store): Promise<number> {
  const { cancellation } = servicesOn(store)
  const ids: string[] = []
  for await (const { key } of store.keys('scheduled:*')) ids.push(key.slice('scheduled:'.length))
  for (const id of ids) expect((await cancellation.cancel(id)).status).toBe('canceled')
  return ids.length
}

const HEAT = {
  ...{ type: 'heat', severity: 'critical', message: 'It is 90 °C', source: 'oven' },
  ...{ affectedSystems: [], labels: {}, data: {}, dedupKey: null },
} as never

/** Without what a cluster keeps otherwise: the last digits of ids, and order between partitions. */
function withoutPlaces(lines: readonly string[]): readonly string[] {
  const uuid = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8})[0-9a-f]{4}/g
  const unordered = lines.map((line) => {
    const [key, value, minutes] = JSON.parse(line.replace(uuid, '$1')) as unknown[]
    return JSON.stringify([key, Array.isArray(value) ? value.toSorted() : value, minutes])
  })
  return unordered.sort()
}

function statsOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('["stats:'))
}

/** What there is, without what is not moved, sorted; expiry in minutes. */
async function contents(store: Store): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const { partition: _, ttlMs, ...key } of store.keys()) {
    const isOurs = key.key !== VERSION_KEY && !key.key.startsWith('imported:')
    if (!isOurs || isTransient(key.key) || key.kind === 'hash') continue
    const value = Array.isArray(key.value) && key.kind !== 'list' ? key.value.toSorted() : key.value
    lines.push(
      JSON.stringify([key.key, value, ttlMs === null ? null : Math.round(ttlMs / 600_000)]),
    )
  }
  return lines.sort()
}
