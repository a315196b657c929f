import { beforeEach, describe, expect, it } from 'vitest'
import { createServices } from '../../../src/bootstrap/services.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { DAY_MS, FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

describe('a notification that is snoozed', () => {
  let bench: FlowBench
  let id: string
  beforeEach(async () => {
    bench = new FlowBench()
    const sent = await bench.send('42')
    id = sent.notification_id
  })
  const inbox = () => bench.services.inbox
  const snooze = (ms: number) => inbox().snooze('42', id, bench.clock.now() + ms)

  async function wakeAfter(ms: number) {
    bench.clock.leap(ms)
    await inbox().wakeSnoozed(0)
    const { data, unread_count } = await inbox().list('42', { unreadOnly: true }, 10, null)
    return { shown: data.map((one) => one.id), unread_count }
  }

  it('comes back unread at its moment, and nothing waits for it any more', async () => {
    await snooze(HOUR_MS)
    expect(await wakeAfter(HOUR_MS - 1)).toEqual({ shown: [], unread_count: 0 })
    expect(await wakeAfter(1)).toEqual({ shown: [id], unread_count: 1 })
    expect(await bench.store.count(0, bench.keys.snoozed())).toBe(0)
  })

  it('may sleep for three minutes, however long the request was on its way, and for no less', async () => {
    await snooze(3 * MINUTE_MS - 50)
    expect(() => snooze(2 * MINUTE_MS)).toThrow('3 minutes to 90 days')
    await expect(inbox().markRead('42', id)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('does not come back a second time when it was taken back and read before', async () => {
    await snooze(HOUR_MS)
    await inbox().unsnooze('42', id)
    await inbox().markRead('42', id)
    expect(await wakeAfter(HOUR_MS)).toEqual({ shown: [], unread_count: 0 })
    expect((await inbox().find('42', id)).read).toBe(true)
  })

  it('sleeps on when it was snoozed anew', async () => {
    await snooze(HOUR_MS)
    await snooze(2 * HOUR_MS)
    expect(await wakeAfter(HOUR_MS)).toEqual({ shown: [], unread_count: 0 })
    expect(await wakeAfter(HOUR_MS)).toEqual({ shown: [id], unread_count: 1 })
  })

  it('is not counted as unread while it is not shown: asleep, or archived', async () => {
    await inbox().markRead('42', id)
    await snooze(HOUR_MS)
    expect(await inbox().markUnread('42', id)).toBe(0)
    await inbox().unsnooze('42', id)
    expect(await inbox().unreadCount('42')).toBe(1)
    await inbox().archive('42', id)
    await snooze(HOUR_MS)
    expect(await wakeAfter(HOUR_MS)).toEqual({ shown: [], unread_count: 0 })
  })

  it('is forgotten when it was deleted meanwhile', async () => {
    await snooze(HOUR_MS)
    await inbox().remove('42', id)
    expect(await wakeAfter(HOUR_MS)).toEqual({ shown: [], unread_count: 0 })
    expect(await bench.store.count(0, bench.keys.snoozed())).toBe(0)
  })

  it('is still there at the end of its snooze when its words were changed meanwhile', async () => {
    const { store, keys, clock } = bench
    const services = createServices({
      ...{ store, keys, clock, log, bus: new MemoryBus() },
      retention: { notificationTtlMs: DAY_MS, unreadTtlMs: 30 * DAY_MS, inboxLimit: 100 },
    })
    await services.inbox.snooze('42', id, clock.now() + 7 * DAY_MS)
    await services.recall.update(id, { message: 'Other words' })
    clock.leap(7 * DAY_MS)
    await services.inbox.wakeSnoozed(0)
    expect(await services.inbox.find('42', id)).toMatchObject({
      message: 'Other words',
      read: false,
      snoozed_until: null,
    })
  })
})
