import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { messageOf } from '../../services/notifications/notification-record.ts'
import { loadConfig } from '../../src/config.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { silentLog as log } from '../support/delivery.ts'
import { EACH_STORE, type StoreServer } from '../support/each-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../support/flow-bench.ts'

/** The embedded store has unit tests of all this. */
const SERVERS = EACH_STORE.filter(({ kind }) => kind !== 'embedded')

describe.each(SERVERS)('flows on the store: $kind', (kind) => {
  let server: StoreServer
  let bench: FlowBench
  let users = 0
  const fresh = () => `user-${++users}`
  /** Somebody with an address. */
  const person = async () => {
    const user = fresh()
    await bench.services.directory.save(user, { email: `${user}@example.com` })
    return user
  }
  const mails = async () => (await bench.jobs('email')).map(({ to }) => to)

  beforeAll(async () => {
    server = await kind.start()
    const { redis } = loadConfig({ REDIS_URL: server.url! })
    const clock = new FakeClock()
    bench = new FlowBench({ store: await RedisStore.connect(redis!, { log, clock }), clock })
  })
  afterAll(async () => {
    await bench?.store.close()
    await server?.stop()
  })

  it('a digest of each of twenty people is sent once, with everything that came', async () => {
    const people = Array.from({ length: 20 }, fresh)
    const digest = { windowMs: MINUTE_MS, cron: null, key: null, lookBackMs: null }
    for (let n = 0; n < 3; n++) {
      await Promise.all(people.map((user) => bench.send(user, { type: 'disk', digest })))
    }
    await bench.pass(MINUTE_MS)
    for (const user of people) {
      expect(await bench.inbox(user)).toMatchObject([{ data: { total_count: 3 } }])
    }
  })

  it('a group of alerts whose telling failed is found by its id, and told after all', async () => {
    const { alerts, alertWork, memberships, queues } = bench.services
    const user = await person()
    await memberships.setOnCall('leak', [user], true)
    const report = {
      type: 'leak',
      severity: 'warning',
      message: 'wet',
      affectedSystems: [],
    } as const
    for (let hall = 0; hall < 10; hall++) {
      const rest = { labels: {}, data: {}, dedupKey: null, source: `hall ${hall}` }
      await alerts.raise({ ...report, ...rest }, ownWork)
    }
    await bench.workOn('alert', alertWork.handle)
    bench.clock.advance(MINUTE_MS)
    const taken = await bench.jobs('alert')
    const flushes = taken.filter(({ kind }) => kind === 'flush').map(({ id }) => String(id))
    expect(flushes).toHaveLength(10)
    bench.clock.advance(MINUTE_MS)
    const queue = bench.keys.queue('alert')
    for (let n = 0; n < bench.store.partitions; n++) await bench.store.reap(n, queue, 1)
    for (const id of flushes) {
      expect(await queues.delivery(id)).toMatchObject({ id, kind: 'flush' })
      await queues.retry('alert', id)
    }
    await bench.workOn('alert', alertWork.handle)
    expect(await bench.inbox(user)).toHaveLength(10)
    expect(await mails()).toEqual(Array(10).fill(`${user}@example.com`))
  })

  it('a throttle lets one through of a hundred at once', async () => {
    const user = fresh()
    const throttle = { limit: 1, windowMs: HOUR_MS, onLimit: 'drop', key: null } as const
    const sent = await Promise.all(
      Array.from({ length: 100 }, () => bench.send(user, { type: 'pump', throttle })),
    )
    expect(sent.filter(({ status }) => status === 'sent')).toHaveLength(1)
    expect(sent.filter(({ status }) => status === 'throttled')).toHaveLength(99)
    expect(await bench.inbox(user)).toHaveLength(1)
  })

  it('a fallback goes out where nothing shows that it has arrived', async () => {
    const [silent, told] = [await person(), await person()]
    const fallback = { afterMs: MINUTE_MS, unless: 'delivered', channels: ['email'] } as const
    await bench.send(silent, { fallback })
    const { notification_id: id } = await bench.send(told, { fallback })
    await bench.services.inbox.markDelivered(told, id, 'nobody’s')
    await bench.pass(MINUTE_MS)
    expect(await mails()).toEqual([`${silent}@example.com`])
  })

  it('what must be acknowledged comes again until one of its people has', async () => {
    const [one, other] = [await person(), await person()]
    const requireAck = { retryMs: MINUTE_MS, expireMs: HOUR_MS, cancelOn: 'any' } as const
    const together = { origin: { transaction_id: randomUUID() } }
    const message = { requireAck, channels: ['email' as const] }
    const { notification_id: id } = await bench.send(one, message, together)
    await bench.send(other, message, together)
    await bench.pass(MINUTE_MS)
    expect((await mails()).toSorted()).toEqual(
      [one, one, other, other].map((user) => `${user}@example.com`),
    )
    await bench.services.inbox.acknowledge(one, id)
    await bench.pass(5 * MINUTE_MS)
    expect(await mails()).toEqual([])
  })

  it('a recurrence comes at its times to everybody of a group, and is over after its count', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, person))
    for (const user of people) await bench.services.directory.save(user, { groups: ['crew'] })
    const audience = { everybody: false, users: [], groups: ['crew'], roles: [] }
    const terms = { cron: '0 * * * *', timezone: 'UTC', count: 2, until: null } as const
    const message = messageOf({ message: 'tick' })
    await bench.services.recurrences.create(
      { ...terms, audience, message, misfire: 'send' },
      ownWork,
    )
    for (let hour = 0; hour < 4; hour++) await bench.pass(HOUR_MS)
    for (const user of people) expect(await bench.inbox(user)).toHaveLength(2)
  })

  it('a recurrence by the clock of each reaches 1 300 people of three zones once, each at his time', async () => {
    const zones = ['Europe/Paris', 'Asia/Kolkata', null]
    const people = Array.from({ length: 1300 }, (_, n) => [fresh(), zones[n % 3]!] as const)
    await Promise.all(
      people.map(([user, timezone]) => bench.services.directory.save(user, { timezone })),
    )
    const audience = { everybody: true, users: [], groups: [], roles: [] }
    const terms = { cron: '30 7 * * *', timezone: 'America/New_York', count: 1, until: null }
    const message = messageOf({ message: 'good morning' })
    const { id } = await bench.services.recurrences.create(
      { ...terms, inUserTimezone: true, audience, message, misfire: 'send' },
      ownWork,
    )
    const counts = new Map<string | null, number[]>(zones.map((zone) => [zone, []]))
    for (let quarter = 0; quarter < 24 * 4 + 1; quarter++) {
      bench.clock.leap(15 * MINUTE_MS - (bench.clock.now() % (15 * MINUTE_MS)))
      await bench.work()
      const { status, sent } = await bench.services.recurrences.find(id)
      expect(sent).toBeLessThanOrEqual(1)
      if (status === 'done') break
    }
    for (const [user, zone] of people) {
      const got = await bench.inbox(user)
      expect(got, user).toHaveLength(1)
      counts.get(zone)!.push(got[0]!.timestamp * 1000)
    }
    for (const [zone, moments] of counts) {
      const timeZone = zone ?? terms.timezone
      const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' })
      expect(new Set(moments.map((at) => clock.format(at))), timeZone).toEqual(new Set(['07:30']))
    }
  })

  it('what is said of a type counts at once, its digest goes out once', async () => {
    const { eventTypes } = bench.services
    const user = fresh()
    await eventTypes.save('note', {
      ...{ conditions: ['payload.n < 3'], digest: { window: '1m' } },
    })
    const sent = await Promise.allSettled(
      [1, 2, 3, 4].map((n) => bench.send(user, { type: 'note', data: { n } })),
    )
    expect(sent.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    ])
    await bench.pass(MINUTE_MS)
    expect(await bench.inbox(user)).toMatchObject([{ data: { total_count: 2 } }])
    await eventTypes.remove('note')
    expect(await bench.send(user, { type: 'note', data: { n: 9 } })).toMatchObject({
      status: 'sent',
    })
  })

  it('a time by the clock of each is one job that goes through 1 200 people of three zones', async () => {
    const zones = ['Asia/Kolkata', 'Europe/Paris', 'America/New_York']
    const people = await Promise.all(
      Array.from({ length: 1_200 }, async (_, n) => {
        const user = fresh()
        await bench.services.directory.save(user, { timezone: zones[n % 3]! })
        return user
      }),
    )
    const day = new Date(bench.clock.now() + 3 * 24 * HOUR_MS).toISOString().slice(0, 10)
    const audience = { everybody: false, users: people, groups: [], roles: [] }
    const { broadcast_id: id } = await bench.services.broadcasts.announce({
      ...{ audience, identity: ownWork, status: 'broadcast_sent' },
      message: messageOf({ message: 'Now', localAt: `${day}T12:00` }),
    })
    const reached = async () => (await bench.services.broadcasts.find(id)).sent_count
    const counts: number[] = []
    for (let hour = 0; hour < 100; hour += 1) {
      await bench.pass(HOUR_MS)
      const count = await reached()
      if (count !== counts.at(-1)) counts.push(count)
    }
    expect(counts).toEqual([0, 400, 800, 1_200])
    expect(await bench.inbox(people[0]!)).toHaveLength(1)
    expect(await bench.services.broadcasts.find(id)).toMatchObject({ status: 'done' })
  })

  it('[S0-087 G-24] erasing somebody leaves no key and no record with his id or an address', async () => {
    const { services, clock } = bench
    const user = randomUUID()
    const email = `${user.slice(0, 8)}.person@example.com`
    const phone = '+12025550173'
    const token = `device-of-${user.slice(0, 8)}`
    const hook = `https://hooks.example.com/${user.slice(0, 8)}`
    await services.directory.save(user, {
      ...{ email, phone, slack_webhook_url: hook, timezone: 'Europe/Paris' },
      ...{ groups: ['ops'], roles: ['admin'] },
    })
    await services.directory.addDevice(user, { platform: 'web', token })
    await services.directory.savePreferences(user, { mutes: { t: null }, sms: true })
    await services.sessions.connect(user, { sessionId: 's1' })
    await bench.send(user, { channels: ['email', 'sms', 'push', 'mqtt', 'slack'] })
    const digest = { windowMs: HOUR_MS, cron: null, key: null, lookBackMs: HOUR_MS }
    const throttle = { limit: 1, windowMs: HOUR_MS, onLimit: 'drop', key: null } as const
    for (let n = 0; n < 2; n++) await bench.send(user, { type: 'd', digest })
    for (let n = 0; n < 2; n++) await bench.send(user, { type: 't', throttle })
    await bench.send(user, { sendAt: clock.now() + HOUR_MS, tags: ['x'] })
    await bench.send(user, { collapseKey: 'c' })
    await bench.send(user, {
      requireAck: { retryMs: MINUTE_MS, expireMs: HOUR_MS, cancelOn: 'any' },
      fallback: { afterMs: MINUTE_MS, unless: 'read', channels: ['email'] },
    })
    const audience = { everybody: false, users: [user, 'other'], groups: [], roles: [] }
    const message = messageOf({ message: 'to several' })
    await services.broadcasts.announce({ audience, message, identity: ownWork, status: 'sent' })
    const recurring = { cron: '0 9 * * *', timezone: 'UTC', count: null, until: null } as const
    await services.recurrences.create({ ...recurring, audience, message, misfire: 'send' }, ownWork)
    await services.direct.sendTo({ email }, message, ownWork)
    const source = { identity: ownWork, sourceUser: user, targetUsers: [user] }
    await services.events.record('user.created', { id: user, email, phone }, source)
    await services.dispatcher.queue('user.left', 3600, { id: user, email })
    await services.notifiableEvents.create({ eventType: 'x', userId: user, params: { email } })
    await services.memberships.setOnCall('disk', [user], true)
    await watchOver(user)
    await bench.work()

    expect(await mentions(user, email, phone, token, hook)).not.toEqual([])
    await services.personalData.erase(user)
    expect(await mentions(user, email, phone, token, hook)).toEqual([])
    await bench.pass(2 * HOUR_MS)
    expect(await mentions(user, email, phone, token, hook)).toEqual([])
    await expect(services.directory.find(user)).rejects.toMatchObject({ code: 'not_found' })
  })

  /** An alert that he acknowledges, a silence that he makes. */
  async function watchOver(user: string): Promise<void> {
    const { alerts, alertActions, alertWork, silences } = bench.services
    const report = { type: 'disk', severity: 'critical' as const, message: 'Full' }
    const rest = { source: 'hall 3', affectedSystems: [], labels: { asked_by: user }, data: {} }
    const { alert_id } = await alerts.raise({ ...report, ...rest, dedupKey: null }, ownWork)
    await bench.workOn('alert', alertWork.handle)
    await alertActions.acknowledge(alert_id, { who: user, note: `me, ${user}` })
    const ends_at = new Date(bench.clock.now() + HOUR_MS).toISOString()
    const silence = {
      ...{ matchers: [{ name: 'alert_type', operator: '=' as const, value: 'noise' }] },
      ...{ affected_systems: [], starts_at: null, ends_at, recurrence: null },
      ...{ created_by: user, comment: `by ${user}`, expire_on_resolve: false, notify_on_end: true },
    }
    await silences.create(silence, randomUUID())
  }

  /** Every key that names one of the words, or holds it. */
  async function mentions(...words: string[]): Promise<string[]> {
    const found: string[] = []
    for await (const { key, value } of bench.store.keys()) {
      const text = `${key} ${JSON.stringify(value)}`
      if (words.some((word) => text.includes(word)) && !key.startsWith('audit')) found.push(key)
    }
    return found
  }
})
