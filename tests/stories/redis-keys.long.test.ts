import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Keys } from '../../src/store/keys.ts'
import { complaintsAboutKey, parseKeyTable, rowOf } from '../support/key-table.ts'
import { Device } from '../support/mqtt-device.ts'
import { publishPacket } from '../support/mqtt-packets.ts'
import { type FoundKey, readKeys } from '../support/redis-keys.ts'
import { requireServer, startSmtp } from '../support/servers.ts'
import { startService } from '../support/service.ts'
import { readSourceTree } from '../support/source-tree.ts'
import { waitFor } from '../support/wait-for.ts'
import { tellEveryTopic } from './every-topic.ts'
import { tellStories } from './stories.ts'
import { fresh, World } from './world.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGE = join(ROOT, 'docs', 'reference', 'redis-keys.md')
const rows = parseKeyTable(readFileSync(PAGE, 'utf8'))
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

/** What makes keys, as far as no story leaves them: it names them. */
const sources = [...readSourceTree(ROOT, ['src', 'services']).values()].join('\n')

describe.skipIf(!hasServers)(
  '[K-05 X-01 X-03 X-08] the table of keys in docs/reference/redis-keys.md',
  () => {
    let world: World
    let url: string
    const seen = new Map<string, FoundKey>()
    const complaints = new Set<string>()

    /** Looks at every key that there is now; many live only for a moment. */
    async function look(): Promise<void> {
      for (const found of await readKeys(url)) {
        seen.set(found.key, found)
        for (const complaint of complaintsAboutKey(rows, found)) complaints.add(complaint)
      }
    }

    beforeAll(async () => {
      world = await World.open({ parts: 'external', env: { RATE_LIMIT: '100000/60' } })
      url = world.service.surroundings.env.REDIS_URL!
    })
    afterAll(() => world?.close())

    tellEveryTopic(['311'], () => world)
    tellStories(['5'], () => world)

    it.concurrent('is looked at while the stories are told', async () => {
      for (let round = 0; round < 10; round++) await look()
      expect(seen.size).toBeGreaterThan(0)
    })

    it('and while jobs wait and fail', async () => {
      await leaveJobs(world)
      await look()
    })

    it('and while jobs are in hand, packets under way, keys and tickets made', async () => {
      await holdMoments(world, look)
    })

    it('has a row with the right type, end and bound for every key that was seen', () => {
      expect([...complaints]).toEqual([])
      expect(seen.size).toBeGreaterThan(300)
    })

    it('has a row for every key that can be named', () => {
      // Beginnings of keys, one that is never written, and settings, which have names of their own.
      const { user: _u, queue: _q, never: _n, setting: _s, ...named } = new Keys()
      const makers = Object.values(named).filter((maker) => typeof maker === 'function')
      const names = makers.map((maker) => (maker as (...words: string[]) => string)('a', 'b'))
      expect(names.filter((name) => rowOf(rows, name) === undefined)).toEqual([])
      expect(names.length).toBeGreaterThan(50)
    })

    it('has no row for keys that nobody writes', () => {
      const found = new Set([...seen.keys()].map((key) => rowOf(rows, key)?.pattern))
      const unseen = rows.map(({ pattern }) => pattern).filter((pattern) => !found.has(pattern))
      const unknown = unseen.filter(
        (pattern) => !wordsOf(pattern).every((word) => sources.includes(word)),
      )
      expect(unknown).toEqual([])
      expect(found.size).toBeGreaterThan(60)
    })

    it('says of every key without an end what bounds it', () => {
      const endless = rows.filter(({ ends }) => ends.includes('never'))
      const unbounded = endless.filter(({ bound }) => !/^(\d+|one|two|three)\b/.test(bound))
      expect(unbounded).toEqual([])
    })
  },
)

/** What is the same in all keys of a pattern. */
function wordsOf(pattern: string): string[] {
  return pattern.split(/<[^>]+>|:/).filter((word) => word !== '')
}

/** What the stories do not leave behind: jobs that failed, wait, are scheduled. */
async function leaveJobs(world: World): Promise<void> {
  const redis = world.redis!
  const user = fresh('u')
  await redis.set(`user:${user}:profile`, JSON.stringify({ email: 'not an address' }))
  await world.http('POST', '/api/notifications', {
    ...{ to: `user:${user}`, message: 'Hello', channels: ['email'] },
  })
  await waitFor(() => redis.exists('email_queue:failed'))

  await world.http('POST', '/api/queues/email/pause')
  const sendAt = Date.now() / 1000 + 3600
  for (const priority of ['critical', 'high', 'normal', 'low']) {
    const mail = { to: 'ada@example.com', subject: 'S', body: 'B', priority }
    await world.device('5').ask('notifications/email/send', mail)
    await world.device('5').ask('notifications/email/send', { ...mail, send_at: sendAt })
  }
  const later = { to: `user:${user}`, message: 'Later', send_at: sendAt }
  await world.http('POST', '/api/notifications', later)
}

/**
 * What lives for a moment, or only where callers prove who they are: a job in
 * the hands of a worker, a packet that was not released, keys and tickets.
 */
async function holdMoments(world: World, lookNow: () => Promise<void>): Promise<void> {
  const smtp = await startSmtp()
  smtp.behave({ hangAt: 'data' })
  await world.service.kill()
  const { surroundings } = world.service
  const { REDIS_URL = '' } = surroundings.env
  const strict = await startService({
    surroundings: { ...surroundings, env: { REDIS_URL }, mosquitto: null },
    env: { BELFRY_AUTH: 'token', SMTP_URL: smtp.url },
  })
  try {
    await waitFor(() => strict.log().includes('shown once'), {
      message: 'the first key was not printed',
    })
    const firstKey = /shown once:\s+(\S+)/.exec(strict.log())?.[1] ?? ''
    const headers = { authorization: `Bearer ${firstKey}` }
    const post = (path: string, body: object = {}) => strict.api('POST', path, body, headers)
    expect((await post('/api/keys', { name: fresh('key'), scopes: ['read'] })).status).toBe(201)
    expect((await post('/api/realtime/tickets')).status).toBe(201)
    expect((await post('/api/queues/email/resume')).status).toBe(200)
    const device = await Device.connect(strict.mqttUrl, '311', {
      username: 'x',
      password: firstKey,
    })
    // Nobody knows of this packet, so nobody answers its PUBREC.
    const topic = 'notifications/sms/send'
    const packet = { topic, payload: JSON.stringify(SMS), qos: 2, id: 9 } as const
    device.client.stream.write(publishPacket(packet))
    await waitFor(() => world.redis!.exists('email_queue:leases'))
    await waitFor(async () => (await world.redis!.keys('packet:*')).length > 0)
    await lookNow()
    await device.close()
  } finally {
    await strict.kill()
    await smtp.stop()
  }
}

const SMS = { phone: '+12025550123', message: 'Hello' }
