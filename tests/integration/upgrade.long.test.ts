import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { VERSION_KEY } from '../../src/store/migrate.ts'
import { requireServer, startSmtp, type TestSmtp } from '../support/servers.ts'
import {
  type Parts,
  type Surroundings,
  startService,
  startSurroundings,
  type TestService,
} from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', '0.1.0')
const MADE_AT = JSON.parse(readFileSync(join(FIXTURES, 'made-at.json'), 'utf8')) as {
  readonly 'belfry.db': number
  readonly 'redis.jsonl': number
}
/** How long ago the process was killed, as far as its store knows: longer than a lease lasts. */
const AGO_MS = 60_000
/** The mails that it had taken on, whatever had become of them when it was killed. */
const MAILS = ['leased-1', 'leased-2', 'waiting-1', 'waiting-2', 'waiting-3']

// biome-ignore lint/suspicious/noExplicitAny: answers and records are of every shape.
type Json = any

const later = Date.now() - AGO_MS - MADE_AT['redis.jsonl']

/**
 * Puts a key as it was; the moments of jobs are as far from now as they were then.
 * In Redis they are seconds.
 */
async function put(client: Redis, { key, ttlMs, kind, value }: Json): Promise<void> {
  const isMoment = /_queue:(scheduled|leases)$/.test(key)
  const scored = ([member, score]: [string, number | null]) => [
    isMoment ? (score! + later) / 1000 : (score ?? '+inf'),
    member,
  ]
  switch (kind) {
    case 'string':
      await client.set(key, value)
      break
    case 'list':
      await client.rpush(key, ...value)
      break
    case 'set':
      await client.sadd(key, ...value)
      break
    case 'hash':
      await client.hset(key, value)
      break
    default:
      await client.zadd(key, ...value.flatMap(scored))
  }
  if (ttlMs !== null) await client.pexpire(key, ttlMs)
}

describe('a store that release 0.1.0 left when it was killed', () => {
  const undo: (() => Promise<unknown> | unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  async function start(parts: Parts): Promise<{ service: TestService; smtp: TestSmtp }> {
    const surroundings = await startSurroundings(parts)
    undo.push(() => surroundings.stop())
    const smtp = await startSmtp()
    undo.push(() => smtp.stop())
    const dir = parts === 'embedded' ? layOutFile() : await layOutRedis(surroundings)
    const haste = { QUEUE_VISIBILITY_TIMEOUT: '2', QUEUE_HEARTBEAT_INTERVAL: '0.5' }
    const env = { ...haste, SMTP_URL: smtp.url, QUEUE_REAPER_INTERVAL: '0.5', ...dir }
    const service = await startService({ surroundings, env })
    undo.push(() => service.stop())
    return { service, smtp }
  }

  /** The file as it lay on the disk, all its moments as far from now as they were then. */
  function layOutFile(): Record<string, string> {
    const dir = mkdtempSync(join(tmpdir(), 'belfry-upgrade-'))
    undo.push(() => rmSync(dir, { recursive: true }))
    mkdirSync(join(dir, 'data'))
    const file = join(dir, 'data', 'belfry.db')
    copyFileSync(join(FIXTURES, 'belfry.db'), file)
    const db = new DatabaseSync(file)
    const later = Date.now() - AGO_MS - MADE_AT['belfry.db']
    db.prepare('UPDATE keys SET expires_at = expires_at + ?').run(later)
    db.prepare(
      `UPDATE zset_items SET score = score + ? WHERE id IN
         (SELECT value FROM keys WHERE key GLOB '*_queue:scheduled' OR key GLOB '*_queue:leases')`,
    ).run(later)
    db.close()
    return { DATA_DIR: join(dir, 'data') }
  }

  async function layOutRedis({ redis }: Surroundings): Promise<Record<string, string>> {
    const client = new Redis(redis!.port, '127.0.0.1')
    const text = readFileSync(join(FIXTURES, 'redis.jsonl'), 'utf8')
    for (const line of text.trim().split('\n')) await put(client, JSON.parse(line))
    client.disconnect()
    return {}
  }

  const external = requireServer('mosquitto') && requireServer('redis-server')
  it.each<Parts>(external ? ['embedded', 'external'] : ['embedded'])(
    'is taken over on %s parts, and every job that was queued, scheduled or in hand is done',
    async (parts) => {
      const { service, smtp } = await start(parts)
      const get = async (path: string): Promise<Json> => (await service.api('GET', path)).body

      const inbox = await get('/api/notifications?user_id=ada')
      expect(inbox.data.map(({ message }: Json) => message)).toContain('Kept unread')
      expect(await get('/api/users/bob')).toMatchObject({ email: 'bob@example.com', locale: 'fr' })
      expect((await get('/api/users/bob/preferences')).sms).toBe(true)

      await service.api('POST', '/api/queues/email/resume')
      const received = () =>
        new Set(smtp.mails.flatMap(({ to }) => to.map((one) => one.split('@')[0])))
      await waitFor(() => MAILS.every((name) => received().has(name)), {
        message: 'not every mail arrived',
      })
      const queues = (await get('/api/queues')).data
      const scheduled = (name: string) => queues.find((one: Json) => one.name === name).scheduled
      expect([scheduled('email'), scheduled('notification')]).toEqual([1, 1])

      const [alert] = (await get('/api/alerts')).data
      expect(alert).toMatchObject({ status: 'triggered', source: 'oven', severity: 'critical' })
      const answered = await service.api('POST', `/api/alerts/${alert.id}/ack`, {})
      expect(answered.body.status).toBe('acknowledged')
    },
  )

  it('is refused by a release that does not know its version, in one line', async () => {
    const dir = layOutFile()
    const db = new DatabaseSync(join(dir.DATA_DIR!, 'belfry.db'))
    db.prepare(`INSERT INTO keys (key, kind, value) VALUES (?, 0, '999')`).run(VERSION_KEY)
    db.close()
    const refused = startService({ env: dir })
    await expect(refused).rejects.toThrow(/written by a newer release: its data are version 999/)
  })
})
