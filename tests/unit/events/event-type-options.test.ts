import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WrittenEventType } from '../../../services/events/event-type-body.ts'
import { EventTypeBody } from '../../../services/events/event-type-body.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { EVERYBODY } from '../../../services/notifications/broadcast-record.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { createEventTypes } from '../../../src/bootstrap/event-settings.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FlowBench, MINUTE_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(async () => {
  bench = new FlowBench()
  await bench.services.directory.save('ada', {
    ...{ email: 'ada@example.com', phone: '+12025550123', locale: 'fr-CA' },
    ...{ roles: ['manager'], data: { plan: 'gold' } },
  })
})
afterEach(() => bench.store.close())

const say = (name: string, written: object) =>
  bench.services.eventTypes.save(name, EventTypeBody.parse(written) as WrittenEventType)
const traceOf = (id: string) => bench.services.traces.find(id)
const event = async (eventType: string, params: Record<string, unknown> = {}, userId = 'ada') => {
  const id = await bench.services.notifiableEvents.create({ eventType, userId, params })
  await bench.services.notifiableEvents.process(id)
  return id
}
const found = async (id: string) => (await bench.inbox('ada')).find((each) => each.id === id)

describe('conditions of an event type', () => {
  it.each<[condition: unknown, holds: boolean]>([
    ['payload.total >= 100', true],
    ['payload.total > 100', false],
    ['payload.total < 1e3', true],
    ['payload.total <= 99.5', false],
    ['payload.missing < 1', false],
    ['payload.missing = ', true],
    ['payload.items.0.sku =~ A-.*', true],
    ['payload.constructor.name = Object', false],
    ['payload.state != open', false],
    ['user = ada', true],
    ['user.locale =~ fr.*', true],
    ['user.roles =~ .*"manager".*', true],
    ['user.data.plan = gold', true],
    ['user.online = true', false],
    ['user.minutes_away < 60', false],
    ['type = order.paid', true],
    ['priority = normal', true],
    [{ any: ['payload.total > 1000', 'user.data.plan = gold'] }, true],
    [{ all: ['payload.total > 1000', 'user.data.plan = gold'] }, false],
    [{ any: [{ all: ['user = ada', 'payload.total = 100'] }, 'user = bob'] }, true],
  ])('%j: %s', async (condition, holds) => {
    await say('order.paid', { conditions: [condition] })
    const params = { total: 100, items: [{ sku: 'A-7' }], state: 'open' }
    const id = await event('order.paid', params)
    expect((await found(id)) !== undefined).toBe(holds)
    if (!holds) expect(await traceOf(id)).toMatchObject({ status: 'dropped', reason: 'condition' })
    // The same for a plain message of that type.
    const plain = bench.send('ada', { type: 'order.paid', data: params })
    if (holds) expect(await plain).toMatchObject({ status: 'sent' })
    else await expect(plain).rejects.toMatchObject({ code: 'filtered', reason: 'condition' })
  })

  it('the trace names the condition that does not hold', async () => {
    await say('order.paid', {
      conditions: ['payload.total >= 100', { any: ['user = bob', 'user = eve'] }],
    })
    const low = await event('order.paid', { total: 5 })
    expect((await traceOf(low))?.detail).toBe('payload.total >= 100')
    const mine = await event('order.paid', { total: 500 })
    expect((await traceOf(mine))?.detail).toBe('any (user = bob; user = eve)')
  })

  it('may hold for one channel alone, the inbox included', async () => {
    await say('order.paid', {
      channels: ['email', 'sms', 'realtime'],
      channel_conditions: { sms: ['payload.total >= 1000'], database: ['payload.total >= 10'] },
      preferences: { sms: true },
    })
    const large = await event('order.paid', { total: 1000 })
    expect((await found(large))?.channels).toEqual(['realtime', 'email', 'sms'])
    const middle = await event('order.paid', { total: 20 })
    expect(await found(middle)).toMatchObject({
      channels: ['realtime', 'email'],
      skipped: { sms: 'condition: payload.total >= 1000' },
    })
    const small = await bench.send('ada', { type: 'order.paid', data: { total: 1 } })
    expect(small.channels).toEqual(['realtime', 'email'])
    expect(await found(small.notification_id)).toBeUndefined()
  })

  it('switch a channel off for the whole type: nobody can switch it on', async () => {
    await say('quiet.type', { channels: ['email', 'sms'], channel_conditions: { sms: false } })
    await bench.services.directory.savePreferences('ada', {
      types: { 'quiet.type': { sms: true } },
    })
    const { channels, notification_id } = await bench.send('ada', { type: 'quiet.type' })
    expect(channels).toEqual(['email'])
    const named = await bench.send('ada', { type: 'quiet.type', channels: ['sms'] })
    expect(named.channels).toEqual([])
    expect((await found(notification_id))?.skipped).toMatchObject({
      sms: 'condition: switched off for this type',
    })
    const wrong = EventTypeBody.safeParse({ channel_conditions: { sms: ['nope'], email: true } })
    expect(wrong.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['channel_conditions.sms.0', expect.stringContaining('say "<field> = value"')],
      ['channel_conditions.email', 'must be a list of conditions, or false: never'],
    ])
    const faulty = EventTypeBody.safeParse({ channels: ['mail', 'fax'] }).error?.issues
    expect(faulty).toMatchObject([
      { path: ['channels', 1], message: expect.stringContaining('is no channel') },
    ])
  })

  it('channels may name the inbox, which gets everything anyway', async () => {
    await say('silent', { channels: ['database'] })
    const { channels, notification_id } = await bench.send('ada', { type: 'silent' })
    expect(channels).toEqual([])
    expect(await found(notification_id)).toBeDefined()
  })

  it('that leave no channel are the reason in the trace', async () => {
    await say('quiet.thing', {
      channels: ['sms'],
      channel_conditions: { sms: ['payload.x = 1'], database: ['payload.x = 1'] },
      preferences: { sms: true },
    })
    const id = await event('quiet.thing')
    expect(await traceOf(id)).toMatchObject({ reason: 'condition', detail: 'payload.x = 1' })
  })

  it('hold for each recipient of a broadcast, and for bare addresses', async () => {
    await bench.services.directory.save('bob', { locale: 'de' })
    await say('news', { conditions: ['user.locale =~ fr.*'] })
    await bench.services.broadcasts.announce({
      audience: EVERYBODY,
      message: messageOf({ message: 'Bonjour', type: 'news' }),
      identity: ownWork,
      status: 'broadcast_sent',
    })
    await bench.work()
    expect(await bench.inbox('ada')).toHaveLength(1)
    expect(await bench.inbox('bob')).toHaveLength(0)
    const toAddress = messageOf({ message: 'Bonjour', type: 'news' })
    await expect(bench.services.typeRules.assertForAddress(toAddress)).rejects.toMatchObject({
      reason: 'condition',
    })
  })

  it('user.online is what sessions say', async () => {
    await say('call', { conditions: ['user.online = true'] })
    await expect(bench.send('ada', { type: 'call' })).rejects.toMatchObject({ reason: 'condition' })
    await bench.services.sessions.connect('ada')
    expect(await bench.send('ada', { type: 'call' })).toMatchObject({ status: 'sent' })
  })

  it.each([
    ['total >= 100', 'say "<field> = value"'],
    ['payload.total > many', 'compares numbers'],
    ['payload.total =~ (', 'pattern'],
    [{ some: ['user = ada'] }, '{"any": […]}'],
    [{ any: [] }, '1 to 20'],
    [{ any: [{ all: [{ any: [{ all: ['user = ada'] }] }] }] }, 'deep'],
    [17, 'say "<field> = value"'],
  ])('%j is refused when the type is saved', (condition, words) => {
    const parsed = EventTypeBody.safeParse({ conditions: ['user = ada', condition] })
    expect(parsed.error?.issues[0]).toMatchObject({ path: ['conditions', 1] })
    expect(parsed.error?.issues[0]?.message.toLowerCase()).toContain(words.toLowerCase())
    const define = () =>
      bench.services.eventTypes.define({ name: 'a.b', conditions: [condition as never] })
    expect(define).toThrow('The event type a.b')
  })
})

describe('options of an event type', () => {
  it('digest: events and plain messages of the type become one', async () => {
    await say('comment.added', { digest: { window: '10m', key: 'doc' } })
    await event('comment.added', { doc: 'a' })
    const plain = await bench.send('ada', { type: 'comment.added', data: { doc: 'a' } })
    expect(plain.status).toBe('digested')
    await bench.send('ada', { type: 'comment.added', data: { doc: 'b' } })
    await bench.pass(10 * MINUTE_MS)
    const digests = await bench.inbox('ada')
    expect(digests.map(({ data }) => data.total_count).sort()).toEqual([1, 2])
  })

  it('throttle: what is one too many has a trace', async () => {
    await say('ping', { throttle: { limit: 1, window: '1h' } })
    await bench.send('ada', { type: 'ping' })
    const second = await bench.send('ada', { type: 'ping' })
    expect(second.status).toBe('throttled')
    expect(await traceOf(second.notification_id)).toMatchObject({ reason: 'throttled' })
  })

  it('delay: once, for people and for broadcasts; a moment of the message wins', async () => {
    await say('reminder.due', { delay: '30m', conditions: ['payload.open != no'] })
    const sent = await bench.send('ada', { type: 'reminder.due' })
    expect(sent.send_at).toBe('2026-01-05T12:30:00.000Z')
    await bench.services.broadcasts.announce({
      audience: { everybody: false, users: ['ada'], groups: [], roles: [] },
      message: messageOf({ message: 'All', type: 'reminder.due' }),
      identity: ownWork,
      status: 'broadcast_sent',
    })
    const now = await bench.send('ada', { type: 'reminder.due', sendAt: bench.clock.now() - 1 })
    expect(now.send_at).toBeUndefined()
    await bench.pass(29 * MINUTE_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
    await bench.pass(MINUTE_MS)
    expect(await bench.inbox('ada')).toHaveLength(3)
    await bench.pass(60 * MINUTE_MS)
    expect(await bench.inbox('ada')).toHaveLength(3)
  })

  it.each<[value: unknown, at: string | null]>([
    ['2026-01-05T12:10:00Z', '2026-01-05T12:10:00.000Z'],
    [Date.parse('2026-01-05T12:20:00Z') / 1000, '2026-01-05T12:20:00.000Z'],
    ['30m', '2026-01-05T12:30:00.000Z'],
    [{ amount: 2, unit: 'hours' }, '2026-01-05T14:00:00.000Z'],
    ['2025-01-01T00:00:00Z', null],
    ['soon', null],
    [undefined, null],
  ])('delay until what the payload says: %j', async (value, at) => {
    await say('meeting', { delay: { key: 'starts.at' } })
    const sending = bench.send('ada', { type: 'meeting', data: { starts: { at: value } } })
    if (at !== null) return expect(await sending).toMatchObject({ send_at: at })
    await expect(sending).rejects.toMatchObject({ reason: 'delay' })
    const id = await event('meeting', { starts: { at: value } })
    expect(await traceOf(id)).toMatchObject({
      ...{ reason: 'delay', detail: 'payload.starts.at is no moment to come' },
    })
  })

  it('fallback and require_ack: as a message may ask for them', async () => {
    await say('pager', {
      fallback: { after: '5m', unless: 'read', channels: ['sms'] },
      require_ack: { retry: '60s', expire: '10m' },
      channel_conditions: { sms: ['payload.level = high'] },
      preferences: { sms: true },
    })
    const high = await bench.send('ada', { type: 'pager', data: { level: 'high' } })
    const low = await bench.send('ada', { type: 'pager', data: { level: 'low' } })
    await bench.pass(6 * MINUTE_MS)
    expect((await found(high.notification_id))?.channels).toContain('sms')
    expect(await found(low.notification_id)).toMatchObject({
      skipped: { sms: 'condition: payload.level = high' },
    })
    expect((await found(high.notification_id))?.require_ack).toMatchObject({ retry: 60 })
  })

  it('what is collected over quiet hours is not repeated, and has no further channels', async () => {
    await say('pager', {
      channels: ['email'],
      fallback: { after: '5m', unless: 'read', channels: ['sms'] },
      require_ack: { retry: '60s', expire: '10m' },
      preferences: { sms: true },
    })
    const quiet = { start: '11:00', end: '13:00', days: ['monday' as const] }
    const hours = {
      is_enabled: true,
      timezone: 'UTC',
      mode: 'digest' as const,
      weekly: null,
      quiet,
    }
    await bench.services.directory.savePreferences('ada', { quiet_hours: hours })
    await bench.send('ada', { type: 'pager' })
    await bench.pass(2 * 60 * MINUTE_MS)
    await bench.jobs('sms')
    expect(await bench.jobs('email')).toHaveLength(1)
    await bench.pass(10 * MINUTE_MS)
    expect([await bench.jobs('email'), await bench.jobs('sms')]).toEqual([[], []])
  })

  it('critical and needs_preferences count for plain messages of the type too', async () => {
    const { directory } = bench.services
    await say('fire', { critical: true, channels: ['sms'] })
    await directory.savePreferences('ada', { types: { fire: { sms: false } } })
    expect((await bench.send('ada', { type: 'fire' })).channels).toEqual(['sms'])
    await say('survey.due', { needs_preferences: true })
    await directory.save('bob', { email: 'bob@example.com' })
    const plain = bench.send('bob', { type: 'survey.due' })
    await expect(plain).rejects.toMatchObject({ reason: 'preference' })
    const id = await event('survey.due', {}, 'bob')
    expect(await traceOf(id)).toMatchObject({
      reason: 'preference',
      detail: 'this user has not said what he wants',
    })
    expect(await bench.send('ada', { type: 'survey.due' })).toMatchObject({ status: 'sent' })
  })

  it('preferences and category count for plain messages: message, template, type, in this order', async () => {
    const { directory } = bench.services
    await say('offer', { preferences: { sms: true, email: false }, category: 'marketing' })
    const channels = ['email', 'sms'] as const
    expect((await bench.send('ada', { type: 'offer', channels })).channels).toEqual(['sms'])
    const own = await bench.send('ada', { type: 'offer', channels, preferences: { email: true } })
    expect(own.channels).toEqual(['email'])
    await directory.savePreferences('ada', { categories: { marketing: { sms: false } } })
    await bench.send('ada', { type: 'offer', channels })
    expect((await bench.inbox('ada'))[0]).toMatchObject({
      channels: [],
      skipped: { sms: 'preference', email: 'preference' },
      data: { category: 'marketing' },
    })
  })

  it('[S0-086] of a tenant are his alone, and reach every process of his at once', async () => {
    const { store, clock } = bench
    const acme = new FlowBench({ store, clock, tenant: 'acme' })
    await say('news', { conditions: ['user = nobody'] })
    expect(await acme.send('ada', { type: 'news' })).toMatchObject({ status: 'sent' })
    expect(await acme.services.eventTypes.list()).toEqual([])
    const bus = new MemoryBus()
    const process = () => createEventTypes({ store, keys: acme.keys, clock, log, bus }).eventTypes
    const [here, there] = [process(), process()]
    expect((await there.find('offer')).delay).toBeNull()
    await here.save('offer', { delay: '5m' })
    expect((await there.find('offer')).delay).toBe('5m')
  })

  it('what is saved wins over what is defined, field by field, until it is removed', async () => {
    const { eventTypes } = bench.services
    eventTypes.define({
      ...{ name: 'a.b', displayName: 'Code', retentionHours: 1 },
      digest: { window: 60, lookBack: 5 },
    })
    await say('a.b', { display_name: 'Saved', retention_hours: null })
    expect(await eventTypes.list()).toMatchObject([
      {
        ...{ name: 'a.b', display_name: 'Saved', retention_hours: 1 },
        digest: { window: 60, look_back: 5 },
      },
    ])
    await eventTypes.remove('a.b')
    expect(await eventTypes.find('a.b')).toMatchObject({ displayName: 'Code' })
    await expect(eventTypes.remove('a.b')).rejects.toMatchObject({ code: 'not_found' })
  })
})
