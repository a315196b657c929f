import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Op, Store } from '../../src/store/store.ts'
import { Unavailable } from '../../src/support/errors.ts'
import { createLogger } from '../../src/support/logger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { describeStore } from './store-contract.ts'
import { describeStoreModel } from './store-model.ts'

const log = createLogger('silent')

async function inMemory() {
  const clock = new FakeClock()
  const store = openSqliteStore({ path: ':memory:', clock, log })
  return { store, clock, tearDown: () => store.close() }
}

describeStore('SqliteStore', inMemory)
describeStoreModel('SqliteStore', inMemory, { numRuns: 200 })

describe('SqliteStore in a file', () => {
  const clock = new FakeClock()
  const opened: SqliteStore[] = []
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'belfry-sqlite-'))
    path = join(folder, 'store.db')
  })

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
    rmSync(folder, { recursive: true })
  })

  const open = (): SqliteStore => {
    const store = openSqliteStore({ path, clock, log })
    opened.push(store)
    return store
  }
  const write = (store: Store, ...ops: Op[]) => store.commit({ partition: 0, ops })
  const rowsLeft = () => {
    const db = new DatabaseSync(path, { readOnly: true })
    const tables = ['keys', 'list_items', 'set_items', 'zset_items', 'garbage']
    const counts = tables.map((table) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get())
    db.close()
    return counts.reduce((sum, row) => sum + (row as { n: number }).n, 0)
  }

  it('has everything again after it was closed and opened', async () => {
    const before = open()
    await write(before, ['set', 's', 'x', 0], ['push', 'l', 'a', 0], ['push', 'l', 'b', 0])
    await write(before, ['inbox', '', 'ann', 'n1', '{}', 0, 10], ['sadd', 'set', 'a'])
    await write(before, ['enqueue', 'email_queue', 'j1', '{"priority":"high"}', 'high', 0, 0])
    await before.hit('rate:a', 2, 60_000, 2)
    const [lease] = await before.take(0, 'email_queue', 1, 30_000)
    await before.close()

    const after = open()
    expect(await after.list(0, 'l', 0, -1)).toEqual(['b', 'a'])
    expect(await after.unreadCount(0, '', 'ann')).toBe(1)
    expect(await after.hit('rate:a', 2, 60_000, 1)).toMatchObject({ granted: 0 })
    expect(await after.extend([lease!], 30_000)).toEqual([true])
    await write(after, ['push', 'l', 'c', 2], ['sadd', 'set', 'b'])
    expect(await after.list(0, 'l', 0, -1)).toEqual(['c', 'b'])
    expect(await after.count(0, 'set')).toBe(2)
  })

  it('has no holder of a slot left over: each is free at once, and taken over', async () => {
    const before = open()
    const claim = (store: Store, holder: string) => store.claimSlot('mqtt', holder, 30_000)
    await claim(before, 'a')
    await claim(before, 'b')
    await claim(before, 'c')
    await before.releaseSlot('mqtt', 1, 'b', false)
    await before.close()

    const after = open()
    expect(await claim(after, 'd')).toEqual({ slot: 0, takenOver: true })
    expect(await after.keepSlot('mqtt', 2, 'c', 30_000)).toBe(false)
    expect(await claim(after, 'd')).toEqual({ slot: 1, takenOver: false })
    clock.advance(20_000)
    expect(await after.claimAbandonedSlot('mqtt', 'd', 30_000, 10_000)).toBe(2)
  })

  it('is refused to a second owner, in one line that names the file', async () => {
    open()
    expect(() => openSqliteStore({ path, clock, log })).toThrow(
      new Unavailable(
        `The store ${path} is in use by another process; one file serves one process.`,
      ),
    )
  })

  it('is free again once the owner has closed it', async () => {
    await write(open(), ['set', 's', 'x', 0])
    await opened[0]!.close()
    expect(await open().get(0, 's')).toBe('x')
  })

  it('says so when the file is something else', () => {
    writeFileSync(path, 'not a database at all, but long enough to be read as a header'.repeat(20))
    expect(() => openSqliteStore({ path, clock, log })).toThrow(/cannot be opened: .*database/)
    writeFileSync(path, '')
    expect(open().description).toBe(path)
  })

  it('ends what is under way when it is closed, and refuses from then on', async () => {
    const store = open()
    const pending = Array.from({ length: 600 }, () => write(store, ['incr', 'count', 1, 0]))
    const closed = store.close()
    await expect(write(store, ['incr', 'count', 1, 0])).rejects.toThrow(Unavailable)
    await closed
    expect((await Promise.all(pending)).every(({ applied }) => applied)).toBe(true)
    await expect(store.get(0, 'count')).rejects.toThrow(Unavailable)
    expect(await open().get(0, 'count')).toBe('600')
  })

  it('a write that fails half-way leaves nothing of itself', async () => {
    const store = open()
    await write(store, ['set', 's', 'text', 0], ['push', 'l', 'old', 0])
    const outcomes = await Promise.allSettled([
      write(store, ['push', 'l', 'kept', 0]),
      write(store, ['push', 'l', 'lost', 0], ['push', 'fresh', 'lost', 0], ['push', 's', 'x', 0]),
      write(store, ['push', 'l', 'kept too', 0], ['push', 'fresh', 'x', 0]),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await store.list(0, 'l', 0, -1)).toEqual(['kept too', 'kept', 'old'])
    expect(await store.length(0, 'l')).toBe(3)
    expect(await store.list(0, 'fresh', 0, -1)).toEqual(['x'])
  })

  it('purges what has expired and what was deleted from the file', async () => {
    const store = open()
    const members = Array.from({ length: 5_000 }, (_, n) => ['sadd', 'set', `m${n}`] as const)
    await write(store, ...members, ['push', 'l', 'a', 0], ['zadd', 'z', 1, 'a'])
    const timed = Array.from({ length: 1_200 }, (_, n) => ['set', `s${n}`, 'x', 10_000] as const)
    await write(store, ...timed, ['expire', 'l', 10_500], ['del', 'set'], ['del', 'z'])
    clock.advance(10_700)
    await write(store, ['push', 'l', 'afresh', 0], ['del', 'l'])
    clock.advance(15_000)
    await store.close()
    expect(rowsLeft()).toBe(0)
  })

  it('shows the unread ones of an inbox as a sorted set and a number', async () => {
    const store = open()
    const until = clock.now() + 60_000
    await write(
      store,
      ['inbox', '', 'ann', 'n1', '{}', until, 9],
      ['inbox', '', 'ann', 'n2', '{}', 0, 9],
    )
    const listed = new Map<string, unknown>()
    for await (const { key, value } of store.keys('user:ann:unread*')) listed.set(key, value)
    expect([...listed.keys()].sort()).toEqual(['user:ann:unread', 'user:ann:unread_notifications'])
    expect(listed.get('user:ann:unread_notifications')).toBe('2')
    expect(await store.rangeByScore(0, 'user:ann:unread', 0, until, 9)).toEqual([
      { member: 'n1', score: until },
    ])
    await write(store, ['zrem', 'user:ann:unread', 'n1'])
    expect(await store.get(0, 'user:ann:unread_notifications')).toBe('1')
    await write(store, ['zadd', 'user:ann:unread', until, 'n1'])
    expect(await store.count(0, 'user:ann:unread')).toBe(2)
    await write(store, ['del', 'user:ann:unread'])
    expect(await store.unreadCount(0, '', 'ann')).toBe(0)
  })

  it('keeps everything that resolved, however often its process is killed', async () => {
    const resolved: string[] = []
    for (const run of ['first', 'second', 'third']) {
      const script = new URL('./store/commit-forever.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [script, path, run], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const enough = resolved.length + 400
      for await (const line of createInterface({ input: child.stdout })) {
        resolved.push(line)
        if (resolved.length === enough) child.kill('SIGKILL')
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      expect(child.signalCode).toBe('SIGKILL')
    }
    const store = open()
    const marks = await store.getMany(
      0,
      resolved.map((id) => `mark:${id}`),
    )
    expect(resolved.filter((id, n) => marks[n] !== id)).toEqual([])
    const jobs = await store.getMany(
      0,
      resolved.map((id) => `email_job:${id}`),
    )
    expect(jobs.filter((job) => job === null)).toEqual([])
    // Every write is there as a whole, those included that nobody heard of any more.
    const count = Number(await store.get(0, 'count'))
    expect(count).toBeGreaterThanOrEqual(resolved.length)
    expect((await store.depth(0, 'email_queue')).ready.high).toBe(count)
    for (let lane = 0; lane < 20; lane++) {
      const ids = await store.list(0, `user:user-${lane}:notifications`, 0, -1)
      const records = await store.getMany(
        0,
        ids.map((id) => `notification:${id}`),
      )
      expect(records.every((record) => record !== null)).toBe(true)
      expect(await store.unreadCount(0, '', `user-${lane}`)).toBe(ids.length)
    }
  })
})
