import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jobKey } from '../../../services/deliveries/delivery-job.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { ScheduledNotifications } from '../../../services/notifications/scheduled-notifications.ts'
import { isoTime } from '../../../src/support/clock.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { DAY_MS, FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(() => {
  bench = new FlowBench()
})
afterEach(() => bench.store.close())

const later = (ms = HOUR_MS) => ({ sendAt: bench.clock.now() + ms })

describe('[S0-079] something for later', () => {
  it('is sent at its moment, under the id that was given out', async () => {
    const { notification_id, send_at } = await bench.send('ada', later())
    expect(send_at).toBe(isoTime(bench.clock.now() + HOUR_MS))
    await bench.pass(HOUR_MS - 1)
    expect(await bench.inbox('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.inbox('ada')).toMatchObject([{ id: notification_id }])
  })

  it('is refused more than a year ahead, and when it would expire before', async () => {
    await expect(bench.send('ada', later(366 * DAY_MS))).rejects.toMatchObject({
      code: 'invalid_payload',
    })
    const expiresAt = bench.clock.now() + MINUTE_MS
    await expect(bench.send('ada', { ...later(), expiresAt })).rejects.toMatchObject({
      code: 'expired',
    })
  })

  it('by the clock of each recipient comes when his clock shows it', async () => {
    await bench.services.directory.save('paris', { timezone: 'Europe/Paris' })
    await bench.services.directory.save('york', { timezone: 'America/New_York' })
    // It is 12:00 UTC: 13:00 in Paris, 07:00 in New York.
    for (const user of ['paris', 'york']) await bench.send(user, { localAt: '2026-01-05T14:00' })
    await bench.pass(HOUR_MS)
    expect(await bench.inbox('paris')).toHaveLength(1)
    expect(await bench.inbox('york')).toHaveLength(0)
    await bench.pass(6 * HOUR_MS)
    expect(await bench.inbox('york')).toHaveLength(1)
  })

  it('that expires while the service is down is not sent, and its trace says so', async () => {
    const { sendAt } = later()
    const expiresAt = sendAt + MINUTE_MS
    const { notification_id } = await bench.send('ada', { sendAt, expiresAt })
    await bench.pass(2 * HOUR_MS)
    expect(await bench.inbox('ada')).toEqual([])
    expect(await bench.services.traces.find(notification_id)).toMatchObject({ reason: 'expired' })
  })
})

describe('[G-06] taking back what waits', () => {
  it('cancels by tag and by transaction, whatever it is, and leaves the rest', async () => {
    const { cancellation } = bench.services
    await bench.send('ada', { ...later(), tags: ['promo'] })
    await bench.send('bob', { ...later(), tags: ['promo', 'x'] })
    await bench.send('eve', { ...later(), tags: ['x'] }, { origin: { transaction_id: 't1' } })
    const digest = { windowMs: HOUR_MS, cron: null, key: null, lookBackMs: null }
    await bench.send('ann', { digest, tags: ['promo'] })
    expect(await cancellation.cancelAll('tag:promo')).toEqual({ canceled: 3, already_sent: 0 })
    expect(await cancellation.cancelAll('tag:promo')).toEqual({ canceled: 0, already_sent: 0 })
    expect(await cancellation.cancelAll('transaction:t1')).toEqual({ canceled: 1, already_sent: 0 })
    await bench.pass(2 * HOUR_MS)
    for (const user of ['ada', 'bob', 'eve', 'ann']) expect(await bench.inbox(user)).toEqual([])
    // A digest that was canceled does not take later messages with it.
    await bench.send('ann', { digest })
    await bench.pass(HOUR_MS)
    expect(await bench.inbox('ann')).toHaveLength(1)
  })

  it('is canceled with the others of its tag also when one of them is gone without a trace', async () => {
    const { services, store, keys } = bench
    const gone = await bench.send('ada', { ...later(), tags: ['promo'] })
    await bench.send('ada', { ...later(2 * HOUR_MS), tags: ['promo'] })
    const job = jobKey(keys, 'notification', gone.notification_id)
    await store.commit({ partition: 0, ops: [['del', job]] })
    const { cancellation } = services
    expect(await cancellation.cancelAll('tag:promo')).toEqual({ canceled: 1, already_sent: 1 })
    expect(await cancellation.cancelAll('tag:promo')).toEqual({ canceled: 0, already_sent: 0 })
  })

  it('puts off and brings forward', async () => {
    const { notification_id: id } = await bench.send('ada', later())
    const at = bench.clock.now() + 3 * HOUR_MS
    expect(await bench.services.cancellation.reschedule(id, at)).toMatchObject({
      status: 'rescheduled',
    })
    await bench.pass(2 * HOUR_MS)
    expect(await bench.inbox('ada')).toEqual([])
    await bench.services.cancellation.reschedule(id, bench.clock.now() + MINUTE_MS)
    await bench.pass(MINUTE_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
    expect(await bench.services.cancellation.reschedule(id, at)).toMatchObject({
      status: 'already_sent',
    })
  })

  it('of a thousand raced against their workers each is canceled or sent, never both', async () => {
    const { cancellation, notifications } = bench.services
    const sent = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => bench.send(`user-${n % 50}`, later())),
    )
    bench.clock.advance(HOUR_MS)
    const worker = new ScheduledNotifications({ ...bench, log, notifications })
    const queue = bench.keys.queue('notification')
    const working = (async () => {
      for (;;) {
        const leases = await bench.store.take(0, queue, 7, 30_000)
        if (leases.length === 0) return
        await Promise.all(leases.map((lease) => bench.perform(lease, worker.handle)))
      }
    })()
    const answers: string[] = []
    for (const { notification_id } of sent.toReversed()) {
      answers.push((await cancellation.cancel(notification_id)).status)
    }
    await working
    await bench.workOn('notification', worker.handle)
    const users = Array.from({ length: 50 }, (_, n) => bench.inbox(`user-${n}`))
    const arrived = new Set((await Promise.all(users)).flat().map(({ id }) => id))
    for (const [index, { notification_id }] of sent.toReversed().entries()) {
      expect(arrived.has(notification_id)).toBe(answers[index] === 'already_sent')
    }
    expect(new Set(answers)).toEqual(new Set(['canceled', 'already_sent']))
  })
})

describe('[S0-079] something that recurs', () => {
  const fields = (more = {}) => ({
    ...{ cron: '0 9 * * *', timezone: 'Europe/Paris', count: null, until: null },
    audience: { everybody: false, users: ['ada'], groups: [], roles: [] },
    ...{ misfire: 'send' as const, message: messageOf({ message: 'Stand-up' }) },
    ...more,
  })
  const create = (more = {}) => bench.services.recurrences.create(fields(more), ownWork)

  it('comes at its times by the clock of its zone, and ends after its count', async () => {
    const { id } = await create({ count: 2 })
    await bench.pass(20 * HOUR_MS - 1)
    expect(await bench.inbox('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.inbox('ada')).toMatchObject([{ message: 'Stand-up', recurrence_id: id }])
    await bench.pass(DAY_MS)
    await bench.pass(DAY_MS)
    expect(await bench.inbox('ada')).toHaveLength(2)
    expect(await bench.services.recurrences.find(id)).toMatchObject({ status: 'done', sent: 2 })
  })

  it('keeps its time by the clock when the clock changes', async () => {
    await bench.store.close()
    bench = new FlowBench({ now: Date.parse('2026-03-28T12:00:00Z') })
    await create()
    await bench.pass(19 * HOUR_MS)
    // 2026-03-29 is the day of 23 hours in Paris: 09:00 is 07:00 UTC.
    expect(await bench.inbox('ada')).toHaveLength(1)
  })

  it('missed while the service was down is sent once, or skipped', async () => {
    await create()
    const skipping = await create({
      misfire: 'skip',
      audience: { everybody: false, users: ['bob'], groups: [], roles: [] },
    })
    await bench.pass(5 * DAY_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
    expect(await bench.inbox('bob')).toHaveLength(0)
    expect(await bench.services.recurrences.find(skipping.id)).toMatchObject({ skipped: 1 })
    await bench.pass(20 * HOUR_MS)
    expect([await bench.inbox('ada'), await bench.inbox('bob')]).toMatchObject([[{}, {}], [{}]])
  })

  it('is changed and canceled, and then nothing more of it comes', async () => {
    const { recurrences } = bench.services
    const { id } = await create()
    await recurrences.change(id, { cron: '0 14 * * *' })
    await bench.pass(HOUR_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
    expect(await recurrences.list(10)).toHaveLength(1)
    expect(await recurrences.cancel(id)).toMatchObject({ status: 'canceled', nextAt: null })
    await bench.pass(3 * DAY_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
    await expect(recurrences.change(id, { count: 3 })).rejects.toMatchObject({ code: 'conflict' })
    expect(await recurrences.list(10)).toEqual([])
  })

  it('that would never come true is refused', async () => {
    await expect(create({ until: bench.clock.now() + MINUTE_MS })).rejects.toMatchObject({
      code: 'invalid_payload',
    })
  })
})
