import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { type Audience, EVERYBODY } from '../../../services/notifications/broadcast-record.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

const PLACES = {
  apia: 'Pacific/Apia',
  delhi: 'Asia/Kolkata',
  paris: 'Europe/Paris',
  york: 'America/New_York',
} as const
const AT = '2026-12-24T18:00'
const ALL = [...Object.keys(PLACES), 'nowhere']

let bench: FlowBench
afterEach(() => bench.store.close())

async function begin(now: string) {
  bench = new FlowBench({ now: Date.parse(now) })
  for (const [user, timezone] of Object.entries(PLACES)) {
    await bench.services.directory.save(user, { timezone })
  }
  await bench.services.directory.save('nowhere', { email: 'nowhere@example.com' })
}

const announce = (audience: Audience = EVERYBODY, more: object = {}) =>
  bench.services.broadcasts.announce({
    audience,
    message: messageOf({ message: 'Merry Christmas', localAt: AT, ...more }),
    identity: ownWork,
    status: 'broadcast_sent',
  })

/** Works until a moment; answers when it reached whom. */
async function arrivals(until: string, users: readonly string[] = ALL) {
  const found: string[] = []
  const had = new Set<string>()
  for (;;) {
    await bench.work()
    for (const user of users) {
      const count = (await bench.inbox(user)).length
      expect(count).toBeLessThan(2)
      if (count === 0 || had.has(user)) continue
      had.add(user)
      found.push(`${user} ${new Date(bench.clock.now()).toISOString().slice(0, 16)}`)
    }
    if (bench.clock.now() >= Date.parse(until)) return found
    bench.clock.leap(15 * MINUTE_MS)
  }
}

describe('[S0-079] a message to many at a time by each recipient’s clock', () => {
  beforeEach(() => begin('2026-12-23T12:00:00Z'))

  it('is one job, and reaches everybody when his own clock shows it', async () => {
    const { broadcast_id: id, sent_count } = await announce()
    expect(sent_count).toBe(5)
    await bench.work()
    expect(await bench.jobs('notification')).toEqual([])
    expect(await arrivals('2026-12-25T12:15:00Z')).toEqual([
      'apia 2026-12-24T05:00',
      'delhi 2026-12-24T12:30',
      'paris 2026-12-24T17:00',
      'nowhere 2026-12-24T18:00',
      'york 2026-12-24T23:00',
    ])
    expect(await bench.services.broadcasts.find(id)).toMatchObject({
      ...{ status: 'done', selected: 5, sent_count: 5, failed_count: 0 },
    })
  })

  it('is sent at once to those whose clock has shown it', async () => {
    bench.clock.leap(25 * HOUR_MS) // 13:00 UTC on the day: past six in Apia and Delhi.
    await announce()
    await bench.work()
    const reached = await Promise.all(ALL.map(async (user) => (await bench.inbox(user)).length))
    expect(reached).toEqual([1, 1, 0, 0, 0])
    expect(await arrivals('2026-12-25T12:15:00Z')).toHaveLength(5)
  })

  it('waits for whoever comes to live by a new clock meanwhile, once', async () => {
    await announce({ everybody: false, users: ['paris', 'apia'], groups: [], roles: [] })
    bench.clock.leap(20 * HOUR_MS)
    await bench.work()
    expect(await bench.inbox('apia')).toHaveLength(1)
    await bench.services.directory.save('apia', { timezone: 'America/Caracas' })
    await bench.services.directory.save('paris', { timezone: 'America/Halifax' })
    expect(await arrivals('2026-12-25T12:15:00Z', ['paris', 'apia'])).toEqual([
      'apia 2026-12-24T08:00',
      'paris 2026-12-24T22:00',
    ])
  })

  it('can be called off between two zones', async () => {
    const { broadcast_id: id } = await announce(EVERYBODY, { tags: ['xmas'] })
    expect(await arrivals('2026-12-24T13:00:00Z')).toHaveLength(2)
    expect(await bench.services.cancellation.cancelAll('tag:xmas')).toMatchObject({ canceled: 1 })
    expect(await arrivals('2026-12-25T12:15:00Z')).toHaveLength(2)
    await expect(bench.services.broadcasts.find(id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('goes on where a worker that died in the middle of a zone stopped', async () => {
    const many = Array.from({ length: 1_100 }, (_, n) => `p${String(n).padStart(4, '0')}`)
    for (const user of many) {
      await bench.services.directory.save(user, { timezone: 'Europe/Paris' })
    }
    await announce()
    const { store, keys, clock, services } = bench
    await arrivals('2026-12-24T16:45:00Z')
    clock.leap(15 * MINUTE_MS)
    const [lost] = await store.take(0, keys.queue('broadcast'), 1, 30_000)
    await expect(services.broadcasts.handle(lost!, AbortSignal.abort())).rejects.toThrow('abort')
    clock.leap(40_000)
    await store.reap(0, keys.queue('broadcast'), 5)
    await bench.work()
    const counts = await Promise.all(many.map(async (user) => (await bench.inbox(user)).length))
    expect(new Set(counts)).toEqual(new Set([1]))
    expect(await bench.inbox('york')).toEqual([])
  })

  it('is refused when it lies too far ahead, or would expire first', async () => {
    const far = { localAt: '2028-01-01T00:00' }
    await expect(announce(EVERYBODY, far)).rejects.toMatchObject({ code: 'invalid_payload' })
    const expiresAt = Date.parse('2026-12-24T00:00:00Z')
    await expect(announce(EVERYBODY, { expiresAt })).rejects.toMatchObject({ code: 'expired' })
  })
})
