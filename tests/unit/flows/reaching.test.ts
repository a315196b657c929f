import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fallback, RequireAck } from '../../../services/flows/flow-fields.ts'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(async () => {
  bench = new FlowBench()
  await bench.services.directory.save('ada', { email: 'ada@example.com', phone: '+12025550123' })
})
afterEach(() => bench.store.close())

const fallback = (unless: Fallback['unless']): { fallback: Fallback } => ({
  fallback: { afterMs: 30_000, unless, channels: ['email'] },
})

describe('[G-15] a fallback', () => {
  it('takes further channels when nothing shows that the notification has arrived', async () => {
    const { notification_id: id, channels } = await bench.send('ada', fallback('read'))
    expect(channels).toEqual(['realtime'])
    await bench.pass(29_999)
    expect(await bench.jobs('email')).toEqual([])
    await bench.pass(1)
    expect(await bench.jobs('email')).toMatchObject([{ id: `${id}.email`, to: 'ada@example.com' }])
    expect(await bench.inbox('ada')).toMatchObject([{ channels: ['realtime', 'email'] }])
  })

  it.each([
    ['delivered', 'markDelivered'],
    ['seen', 'markSeen'],
    ['read', 'markRead'],
    ['acked', 'acknowledge'],
    ['delivered', 'markRead'],
    ['seen', 'acknowledge'],
  ] as const)('unless %s is off after %s()', async (unless, shows) => {
    const { notification_id: id } = await bench.send('ada', fallback(unless))
    await bench.services.inbox[shows]('ada', id)
    await bench.pass(MINUTE_MS)
    expect(await bench.jobs('email')).toEqual([])
  })

  it.each([
    ['read', 'markSeen'],
    ['read', 'markDelivered'],
    ['acked', 'markRead'],
    ['seen', 'markDelivered'],
  ] as const)('unless %s goes on after %s(), which shows less', async (unless, shows) => {
    const { notification_id: id } = await bench.send('ada', fallback(unless))
    await bench.services.inbox[shows]('ada', id)
    await bench.pass(MINUTE_MS)
    expect(await bench.jobs('email')).toHaveLength(1)
  })

  it('is not stopped by a session that is connected and silent', async () => {
    await bench.services.sessions.connect('ada', { sessionId: 's1' })
    await bench.send('ada', fallback('delivered'))
    await bench.pass(30_000)
    expect(await bench.jobs('email')).toHaveLength(1)
  })

  it('minds what its user does not want', async () => {
    await bench.services.directory.savePreferences('ada', { email: false })
    await bench.send('ada', fallback('read'))
    await bench.pass(MINUTE_MS)
    expect(await bench.jobs('email')).toEqual([])
    expect(await bench.inbox('ada')).toMatchObject([{ skipped: { email: 'preference' } }])
  })

  it('is nothing once the notification is deleted', async () => {
    const { notification_id: id } = await bench.send('ada', fallback('read'))
    await bench.services.inbox.remove('ada', id)
    await bench.pass(MINUTE_MS)
    expect(await bench.jobs('email')).toEqual([])
  })
})

const requireAck = (cancelOn: RequireAck['cancelOn'] = 'any') => ({
  requireAck: { retryMs: MINUTE_MS, expireMs: 10 * MINUTE_MS, cancelOn },
  channels: ['email'] as const,
})

describe('[G-13 S0-089] what must be acknowledged', () => {
  const mails = async () => (await bench.jobs('email')).length

  it('comes again until its user acknowledges it', async () => {
    const { notification_id: id } = await bench.send('ada', requireAck())
    for (let minute = 0; minute < 3; minute++) await bench.pass(MINUTE_MS)
    expect(await mails()).toBe(4)
    await bench.services.inbox.acknowledge('ada', id)
    await bench.pass(5 * MINUTE_MS)
    expect(await mails()).toBe(0)
    expect(await bench.services.inbox.find('ada', id)).toMatchObject({ read: true })
  })

  it('gives up when its time is over', async () => {
    await bench.send('ada', requireAck())
    for (let minute = 0; minute < 60; minute++) await bench.pass(MINUTE_MS)
    expect(await mails()).toBe(10)
  })

  it.each([
    ['any', 0],
    ['all', 1],
  ] as const)('%s: after the first of two has acknowledged the other gets %i', async (on, more) => {
    await bench.services.directory.save('bob', { email: 'bob@example.com' })
    const together = { origin: { transaction_id: '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b' } }
    const { notification_id: id } = await bench.send('ada', requireAck(on), together)
    await bench.send('bob', requireAck(on), together)
    expect(await mails()).toBe(2)
    await bench.services.inbox.acknowledge('ada', id)
    await bench.pass(MINUTE_MS)
    expect(await mails()).toBe(more)
  })
})

describe('[G-05] a notification that takes the place of another', () => {
  it('keeps its id, moves to the top, counts once, and what was not sent is sent anew', async () => {
    const hold = { collapseKey: 'build', channels: ['email' as const] }
    const first = await bench.send('ada', { message: 'building', ...hold })
    await bench.send('ada', { message: 'other' })
    const second = await bench.send('ada', { message: 'done', ...hold })
    expect(second.notification_id).toBe(first.notification_id)
    const inbox = await bench.inbox('ada')
    expect(inbox.map(({ message, version }) => [message, version])).toEqual([
      ['done', 2],
      ['other', 1],
    ])
    expect(await bench.services.inbox.unreadCount('ada')).toBe(2)
    expect(await bench.jobs('email')).toMatchObject([{ body: 'done' }])
  })

  it('whose delivery is in hand is sent beside it', async () => {
    const hold = { collapseKey: 'build', channels: ['email' as const] }
    await bench.send('ada', { message: 'building', ...hold })
    const [inHand] = await bench.jobs('email')
    expect(inHand).toMatchObject({ body: 'building' })
    await bench.send('ada', { message: 'done', ...hold })
    expect(await bench.inbox('ada')).toMatchObject([{ message: 'done', version: 2 }])
  })

  it('is changed in place, on channels that have not sent it too', async () => {
    const { notification_id: id } = await bench.send('ada', { channels: ['email'] })
    const changed = await bench.services.recall.update(id, { message: 'Never mind' })
    expect(changed).toMatchObject({ message: 'Never mind', version: 2 })
    expect(await bench.jobs('email')).toMatchObject([{ body: 'Never mind' }])
    expect(await bench.inbox('ada')).toHaveLength(1)
  })

  it('that was read stays read when it is changed', async () => {
    const { notification_id: id } = await bench.send('ada')
    await bench.services.inbox.markRead('ada', id)
    expect(await bench.services.recall.update(id, { title: 'New' })).toMatchObject({ read: true })
    expect(await bench.services.inbox.unreadCount('ada')).toBe(0)
  })

  it('that is recalled goes out nowhere', async () => {
    const { notification_id: id } = await bench.send('ada', { channels: ['email', 'realtime'] })
    await bench.services.inbox.remove('ada', id)
    expect(await bench.jobs('email')).toEqual([])
    expect(await bench.inbox('ada')).toEqual([])
  })
})

describe('[S0-078 G-04] an action', () => {
  const actions = [
    { type: 'view', label: 'Open', url: 'https://example.com' },
    { type: 'mqtt', label: 'Unlock', topic: 'doors/1/open', payload: { by: 'ada' } },
    { type: 'ack', label: 'I see' },
  ] as const

  it('view says what to open, marks as read and counts the click', async () => {
    const { notification_id: id } = await bench.send('ada', { actions })
    const act = () => bench.services.actions.perform('ada', id, { index: 0, text: null })
    expect(await act()).toEqual({ status: 'done', type: 'view', url: 'https://example.com' })
    expect(await bench.services.inbox.unreadCount('ada')).toBe(0)
    const day = '2026-01-05'
    const report = await bench.services.statistics.report({ from: day, to: day })
    expect(report.total).toMatchObject({ sent: 2, read: 1, clicked: 1 })
  })

  it('mqtt is refused where nobody allowed the topic', async () => {
    const { notification_id: id } = await bench.send('ada', { actions })
    const act = bench.services.actions.perform('ada', id, { index: 1, text: null })
    await expect(act).rejects.toMatchObject({ code: 'conflict' })
    expect(await bench.jobs('action')).toEqual([])
  })

  it('ack acknowledges, reply logs what was written, and each is done once', async () => {
    const reply = { type: 'reply', label: 'Answer', url: 'https://example.com/hook' } as const
    const { notification_id: id } = await bench.send('ada', { actions: [actions[2], reply] })
    const act = (index: number, text: string | null = null) =>
      bench.services.actions.perform('ada', id, { index, text })
    expect(await act(0)).toEqual({ status: 'done', type: 'ack' })
    await expect(act(1)).rejects.toMatchObject({ code: 'invalid_payload' })
    expect(await act(1, 'On my way')).toMatchObject({ status: 'queued' })
    expect(await act(1, 'On my way')).toMatchObject({ status: 'already_done' })
    expect(await bench.jobs('action')).toMatchObject([{ text: 'On my way', index: 1 }])
    const events = await bench.services.events.list(10, 'notification.replied')
    expect(events).toMatchObject([{ payload: { text: 'On my way', notification_id: id } }])
    expect(await bench.services.inbox.find('ada', id)).toMatchObject({
      acked_at: expect.any(String),
      done: { 0: expect.any(String), 1: expect.any(String) },
    })
  })

  it('of somebody else, or that is not there, is not found', async () => {
    const { notification_id: id } = await bench.send('ada', { actions })
    const asBob = bench.services.actions.perform('bob', id, { index: 0, text: null })
    await expect(asBob).rejects.toMatchObject({ code: 'not_found' })
    const ninth = bench.services.actions.perform('ada', id, { index: 9, text: null })
    await expect(ninth).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a snooze', () => {
  it('lets nothing be done meanwhile, and brings back what it was', async () => {
    const { inbox } = bench.services
    const { notification_id: id } = await bench.send('ada')
    await inbox.snooze('ada', id, bench.clock.now() + HOUR_MS)
    expect([await bench.inbox('ada'), await inbox.unreadCount('ada')]).toEqual([[], 0])
    await expect(inbox.markRead('ada', id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(inbox.archive('ada', id)).rejects.toMatchObject({ code: 'conflict' })
    await inbox.unsnooze('ada', id)
    expect(await bench.inbox('ada')).toMatchObject([{ id, read: false, version: 1 }])
    expect(await inbox.unreadCount('ada')).toBe(1)
  })

  it('that ends delivers it anew, unread', async () => {
    const { inbox } = bench.services
    const { notification_id: id } = await bench.send('ada')
    await inbox.markRead('ada', id)
    await inbox.snooze('ada', id, bench.clock.now() + HOUR_MS)
    bench.clock.advance(HOUR_MS)
    await inbox.wakeSnoozed(0)
    expect(await bench.inbox('ada')).toMatchObject([{ id, read: false, version: 2 }])
    expect(await inbox.unreadCount('ada')).toBe(1)
  })
})
