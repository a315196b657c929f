import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import type { Store } from '../../src/store/store.ts'
import { Unavailable } from '../../src/support/errors.ts'
import { createLogger } from '../../src/support/logger.ts'
import { emptyRedis, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../support/servers.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import { counting, insist } from './store/insist.ts'

const log = createLogger('silent')
/** Short, and yet longer than a busy machine lets a healthy server wait. */
const COMMAND_TIMEOUT_MS = 1_500
const works = (store: Store) =>
  waitFor(async () => (await store.ping()) >= 0, { message: 'the store did not come back' })

describe.skipIf(!requireServer('redis-server'))('RedisStore when things break', () => {
  describe('on one server', () => {
    let server: TestServer
    let proxy: TcpProxy
    let store: RedisStore
    let direct: Redis

    beforeAll(async () => {
      // `everysec` may answer before it writes while a slow fsync is under way.
      server = await startRedis({ args: ['--appendfsync', 'always'] })
      direct = new Redis(server.port, '127.0.0.1')
      direct.on('error', () => undefined)
    })
    beforeEach(async () => {
      await emptyRedis([server.port])
      proxy = await startTcpProxy(server.port)
      const config = singleConfig(proxy.port)
      store = await RedisStore.connect(config, { log, commandTimeoutMs: COMMAND_TIMEOUT_MS })
    })
    afterEach(async () => {
      proxy.heal()
      await store.close()
      await proxy.stop()
    })
    afterAll(async () => {
      direct.disconnect()
      await server.stop()
    })

    it('a reply lost after execution: rejects Unavailable, and a repetition has no second effect', async () => {
      await store.commit(counting('before'))
      proxy.swallowReplies()
      const lost = store.commit(counting('a'))
      lost.catch(() => undefined)
      await waitFor(async () => (await direct.get('count')) === '2')
      proxy.cut()
      await expect(lost).rejects.toBeInstanceOf(Unavailable)
      await expect(lost).rejects.toMatchObject({ retryable: true, cause: expect.any(Error) })
      proxy.heal()
      expect(await insist(store, counting('a'))).toEqual({
        applied: false,
        refusedBy: 0,
        value: 'done',
      })
      expect(await direct.get('count')).toBe('2')
    })

    it('a line that goes dead does not hang: it is given up and made anew', async () => {
      await store.commit(counting('before'))
      proxy.swallowReplies({ existingOnly: true })
      await expect(store.commit(counting('a'))).rejects.toBeInstanceOf(Unavailable)
      // Nobody cuts the line: the store gives it up by itself and makes another.
      await works(store)
      expect(await store.commit(counting('a'))).toMatchObject({ applied: false })
      expect(await direct.get('count')).toBe('2')
    })

    it('fails at once while the server is away, and works again without a restart of ours', async () => {
      proxy.refuse()
      await waitFor(() =>
        store.ping().then(
          () => false,
          () => true,
        ),
      )
      const startedAt = performance.now()
      for (let n = 0; n < 10; n++) {
        await expect(store.commit(counting('a'))).rejects.toBeInstanceOf(Unavailable)
      }
      // None of them waited for an answer until its time was over.
      expect(performance.now() - startedAt).toBeLessThan(5 * COMMAND_TIMEOUT_MS)
      expect(await direct.get('count')).toBeNull()
      proxy.heal()
      await works(store)
      expect(await insist(store, counting('a'))).toMatchObject({ applied: true })
    })

    it('killed and restarted under load: what was answered is there, and each write has one effect', async () => {
      const ids = Array.from({ length: 20_000 }, (_, n) => `m${n}`)
      let answered = 0
      const writing = Promise.all(
        Array.from({ length: 100 }, async (_, worker) => {
          for (let n = worker; n < ids.length; n += 100) {
            await insist(store, counting(ids[n]!))
            answered += 1
          }
        }),
      )
      for (const share of [0.2, 0.6]) {
        await waitFor(() => answered > ids.length * share)
        await server.restart('SIGKILL')
      }
      await writing
      await works(store)
      const list = await store.list(0, 'list', 0, -1)
      expect(list).toHaveLength(ids.length)
      expect(new Set(list).size).toBe(ids.length)
      expect(await store.get(0, 'count')).toBe(String(ids.length))
    })

    it.each([
      ['OOM', ['maxmemory', '1'], ['maxmemory', '0']],
      ['NOREPLICAS', ['min-replicas-to-write', '1'], ['min-replicas-to-write', '0']],
    ] as const)(
      '%s refuses writes as Unavailable, leaves nothing, lets reads through, passes',
      async (code, on, off) => {
        await store.commit(counting('before'))
        await direct.config('SET', ...on)
        const outcomes = await Promise.allSettled([
          store.commit(counting('a')),
          store.commit(counting('b')),
        ])
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(Unavailable) })
          expect(String((outcome as PromiseRejectedResult).reason.message)).toContain(code)
        }
        expect(await store.getMany(0, ['count', 'mark:a', 'mark:b'])).toEqual(['1', null, null])
        await expect(store.ping()).rejects.toBeInstanceOf(Unavailable)
        await direct.config('SET', ...off)
        expect(await store.ping()).toBeGreaterThan(0)
        expect(await store.commit(counting('a'))).toMatchObject({ applied: true })
      },
    )

    it('a master that became a replica is Unavailable until it is a master again', async () => {
      const master = await startRedis()
      await direct.replicaof('127.0.0.1', master.port)
      await expect(store.commit(counting('a'))).rejects.toBeInstanceOf(Unavailable)
      await direct.replicaof('NO', 'ONE')
      expect(await insist(store, counting('a'))).toMatchObject({ applied: true })
      await master.stop()
    })

    it('a full stop of scripts in between is noticed by nobody', async () => {
      await store.commit(counting('a'))
      await direct.script('FLUSH')
      expect(await store.commit(counting('b'))).toMatchObject({ applied: true })
    })

    it('says what endangers durability', async () => {
      expect(await store.checkDurability()).toEqual([])
      const careless = await startRedis({
        aof: false,
        args: ['--maxmemory-policy', 'allkeys-lru'],
      })
      const other = await RedisStore.connect(singleConfig(careless.port), { log })
      const warnings = await other.checkDurability()
      expect(warnings.join('\n')).toMatch(/appendonly no/)
      expect(warnings.join('\n')).toMatch(/maxmemory-policy allkeys-lru/)
      await other.close()
      await careless.stop()
    })

    it('a server that cannot be reached is named, without credentials', async () => {
      const config = singleConfig(1, { password: 'hunter2', username: 'me' })
      const connecting = RedisStore.connect(config, { log, deadlineMs: 300 })
      await expect(connecting).rejects.toBeInstanceOf(Unavailable)
      await expect(connecting).rejects.toThrow('redis://127.0.0.1:1/0')
      await expect(connecting).rejects.not.toThrow('hunter2')
    })
  })
})
