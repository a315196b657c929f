import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OwnDirectory } from '../../../services/directory/own-directory.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { DAY_MS, FlowBench, MINUTE_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(() => {
  bench = new FlowBench()
})
afterEach(() => bench.store.close())

describe('[S0-079] something that recurs by the clock of each recipient', () => {
  const PLACES = {
    apia: 'Pacific/Apia',
    paris: 'Europe/Paris',
    york: 'America/New_York',
    delhi: 'Asia/Kolkata',
  } as const
  const everybody = { everybody: true, users: [], groups: [], roles: [] }
  const terms = { cron: '0 9 * * 1', timezone: 'UTC', count: null, until: null } as const

  async function begin(now: string, more: object = {}, own?: OwnDirectory) {
    await bench.store.close()
    bench = new FlowBench({ now: Date.parse(now), ...(own === undefined ? {} : { own }) })
    for (const [user, timezone] of Object.entries(PLACES)) {
      await bench.services.directory.save(user, { timezone })
    }
    await bench.services.directory.save('nowhere', { email: 'nowhere@example.com' })
    const fields = { ...terms, audience: everybody, inUserTimezone: true, misfire: 'send' as const }
    const message = messageOf({ message: 'Weekly' })
    return bench.services.recurrences.create({ ...fields, message, ...more }, ownWork)
  }

  async function leap(ms: number) {
    bench.clock.leap(ms)
    await bench.work()
  }

  /** Works whenever something is due until a moment; answers when whom something reached. */
  async function arrivals(until: string, users: readonly string[], step = 15 * MINUTE_MS) {
    const found: string[] = []
    const had = new Map<string, number>()
    for (const user of users) had.set(user, (await bench.inbox(user)).length)
    while (bench.clock.now() < Date.parse(until)) {
      await leap(step)
      for (const user of users) {
        const count = (await bench.inbox(user)).length
        const fresh = count - (had.get(user) ?? 0)
        had.set(user, count)
        const at = new Date(bench.clock.now()).toISOString().slice(0, 16)
        for (let n = 0; n < fresh; n++) found.push(`${user} ${at}`)
      }
    }
    return found
  }

  it('reaches everybody at nine of his own Monday, whoever said nothing by its own zone', async () => {
    const { id } = await begin('2026-01-09T12:00:00Z')
    const all = [...Object.keys(PLACES), 'nowhere']
    expect(await arrivals('2026-01-13T00:00:00Z', all)).toEqual([
      'apia 2026-01-11T20:00',
      'delhi 2026-01-12T03:30',
      'paris 2026-01-12T08:00',
      'nowhere 2026-01-12T09:00',
      'york 2026-01-12T14:00',
    ])
    expect(await bench.services.recurrences.find(id)).toMatchObject({ sent: 1, status: 'active' })
    expect(await bench.inbox('york')).toMatchObject([{ message: 'Weekly', recurrence_id: id }])
  })

  it('stays at nine by the clock through both changes of the clock, each on its own day', async () => {
    await begin('2026-03-05T12:00:00Z', { cron: '0 9 * * *' })
    const spring = await arrivals('2026-03-09T23:00:00Z', ['york', 'paris'])
    // America changes on March 8, Europe on March 29.
    expect(spring.filter((line) => line.startsWith('york'))).toEqual([
      'york 2026-03-05T14:00',
      'york 2026-03-06T14:00',
      'york 2026-03-07T14:00',
      'york 2026-03-08T13:00',
      'york 2026-03-09T13:00',
    ])
    expect(spring.filter((line) => line.startsWith('paris'))).toHaveLength(4)
    await begin('2026-10-24T12:00:00Z', { cron: '30 2 * * *' })
    // Half past two comes twice in Paris on October 25, and is said once.
    expect(await arrivals('2026-10-26T12:00:00Z', ['paris'])).toEqual([
      'paris 2026-10-25T00:30',
      'paris 2026-10-26T01:30',
    ])
    await begin('2026-03-28T12:00:00Z', { cron: '30 2 * * *' })
    // It does not come at all on March 29: right after the gap.
    expect(await arrivals('2026-03-30T12:00:00Z', ['paris'])).toEqual([
      'paris 2026-03-29T01:00',
      'paris 2026-03-30T00:30',
    ])
  })

  it('is one wake for all of a zone, and none of its own for a person', async () => {
    await begin('2026-01-09T12:00:00Z')
    for (let n = 0; n < 50; n++) {
      await bench.services.directory.save(`p${n}`, { timezone: 'Europe/Paris' })
    }
    await arrivals('2026-01-12T07:45:00Z', [])
    const depths = await bench.store.depth(0, bench.keys.queue('notification'))
    expect(depths.scheduled).toBe(0)
    expect((await bench.store.depth(0, bench.keys.queue('recurrence'))).scheduled).toBe(1)
    await leap(15 * MINUTE_MS)
    for (let n = 0; n < 50; n++) expect(await bench.inbox(`p${n}`)).toHaveLength(1)
    expect(await bench.inbox('york')).toEqual([])
  })

  it('comes once for a time, also to somebody who moves to where it is yet to come', async () => {
    await begin('2026-01-12T06:00:00Z')
    await arrivals('2026-01-12T09:30:00Z', [])
    await bench.services.directory.save('paris', { timezone: 'America/New_York' })
    // And whoever comes from a zone that nobody had is not forgotten.
    await bench.services.directory.save('sailor', { timezone: 'Atlantic/Azores' })
    expect(await arrivals('2026-01-13T00:00:00Z', ['paris', 'york', 'sailor'])).toEqual([
      'sailor 2026-01-12T10:00',
      'york 2026-01-12T14:00',
    ])
    expect(await bench.inbox('paris')).toHaveLength(1)
  })

  it('keeps to its count in each zone and to its end, and is over when all have had it', async () => {
    const { id } = await begin('2026-01-12T12:00:00Z', { cron: '0 9 * * *', count: 2 })
    const users = ['york', 'paris']
    expect(await arrivals('2026-01-16T00:00:00Z', users)).toEqual([
      'york 2026-01-12T14:00',
      'paris 2026-01-13T08:00',
      'york 2026-01-13T14:00',
      'paris 2026-01-14T08:00',
    ])
    expect(await bench.services.recurrences.find(id)).toMatchObject({ status: 'done', sent: 2 })
    const until = Date.parse('2026-01-12T12:00:00Z')
    await begin('2026-01-12T00:00:00Z', { until })
    expect(await arrivals('2026-01-20T00:00:00Z', ['york', 'delhi'])).toEqual([
      'delhi 2026-01-12T03:30',
    ])
  })

  it('missed while the service was down is sent once to each, or skipped', async () => {
    await begin('2026-01-09T12:00:00Z', { cron: '0 9 * * *' })
    await leap(5 * DAY_MS)
    for (const user of Object.keys(PLACES)) expect(await bench.inbox(user)).toHaveLength(1)
    const { id } = await begin('2026-01-09T12:00:00Z', { cron: '0 9 * * *', misfire: 'skip' })
    await leap(5 * DAY_MS)
    for (const user of Object.keys(PLACES)) expect(await bench.inbox(user)).toHaveLength(0)
    expect(await bench.services.recurrences.find(id)).toMatchObject({ skipped: 1, sent: 0 })
  })

  it('is done again after a crash without a second effect, and reaches groups by their clocks too', async () => {
    await begin('2026-01-12T07:30:00Z', {
      audience: { everybody: false, users: ['nowhere'], groups: ['crew'], roles: [] },
    })
    await bench.services.memberships.addToGroup('crew', ['paris', 'york'])
    bench.clock.leap(30 * MINUTE_MS)
    // Its worker is killed after it has sent, before it has said so.
    const [lost] = await bench.store.take(0, bench.keys.queue('recurrence'), 1, 30_000)
    await bench.services.recurrenceWork.handle(lost!)
    bench.clock.leap(MINUTE_MS)
    await bench.store.reap(0, bench.keys.queue('recurrence'), 3)
    await bench.work()
    expect(await bench.inbox('paris')).toHaveLength(1)
    expect(await arrivals('2026-01-12T15:00:00Z', ['paris', 'york', 'nowhere', 'delhi'])).toEqual([
      'nowhere 2026-01-12T09:01',
      'york 2026-01-12T14:01',
    ])
  })

  it('goes by what a directory of its own says of people', async () => {
    const places: Record<string, string> = { paris: 'America/New_York', nowhere: 'US/Hawaii' }
    const find = async (id: string) => (places[id] ? { timezone: places[id] } : null)
    await begin('2026-01-12T00:00:00Z', {}, { find })
    expect(await arrivals('2026-01-13T00:00:00Z', ['paris', 'delhi', 'nowhere'])).toEqual([
      'delhi 2026-01-12T03:30',
      'paris 2026-01-12T14:00',
      'nowhere 2026-01-12T19:00',
    ])
  })
})
