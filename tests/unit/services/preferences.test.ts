import { describe, expect, it } from 'vitest'
import { PreferencesBody, QuietHoursBody } from '../../../controllers/preference-fields.ts'
import { type PlanWish, planDelivery } from '../../../services/deliveries/delivery-plan.ts'
import {
  DEFAULT_PREFERENCES,
  effective,
  mutedPart,
  type Preferences,
  type SaidPreferences,
  subjectOf,
  wants,
  withChanges,
} from '../../../services/directory/preferences.ts'
import { emptyProfile, type Recipient } from '../../../services/directory/user-record.ts'

const VALUES = [undefined, true, false] as const
const combinations = VALUES.flatMap((type) =>
  VALUES.flatMap((category) =>
    VALUES.flatMap((channel) =>
      [true, false].map((critical) => ({ type, category, channel, critical })),
    ),
  ),
)

const NOW = Date.UTC(2026, 0, 10, 23)

function person(preferences: SaidPreferences, defaults: SaidPreferences = {}): Recipient {
  const user = { ...emptyProfile('ada'), email: 'ada@example.com', phone: '+12025550123' }
  return { user, preferences: effective(preferences, defaults), hasDevices: true }
}

function wish(fields: Partial<PlanWish> = {}): PlanWish {
  return {
    subject: { types: ['order.shipped'], categories: ['order'] },
    priority: 'high',
    channels: null,
    now: NOW,
    expiresAt: null,
    timezone: 'UTC',
    spread: 0.5,
    ...fields,
  }
}

const night = {
  is_enabled: true,
  timezone: null,
  mode: 'hold',
  quiet: { start: '22:00', end: '07:00', days: ['saturday'] },
  weekly: null,
} as const

describe('preferences', () => {
  it.each(combinations)(
    'type $type, category $category, channel $channel, critical $critical',
    (given) => {
      const { type, category, channel, critical } = given
      const preferences: Partial<Preferences> = {
        ...(type === undefined ? {} : { types: { 'order.shipped': { sms: type } } }),
        ...(category === undefined ? {} : { categories: { order: { sms: category } } }),
        ...(channel === undefined ? {} : { sms: channel }),
      }
      // The specific wins; where nobody said anything SMS is off.
      const expected = critical || (type ?? category ?? channel ?? DEFAULT_PREFERENCES.sms)
      const plan = planDelivery(
        person(preferences),
        wish({ channels: ['sms'], overridesPreferences: critical }),
      )
      expect(plan.channels).toEqual(expected ? ['sms'] : [])
      expect(plan.skipped.sms).toBe(expected ? undefined : 'preference')
    },
  )

  it.each(combinations)(
    'what a tenant says of type $type, category $category, channel $channel counts where the user says nothing',
    ({ type, category, channel }) => {
      const said: SaidPreferences = {
        ...(type === undefined ? {} : { types: { 'order.shipped': { sms: type } } }),
        ...(category === undefined ? {} : { categories: { order: { sms: category } } }),
        ...(channel === undefined ? {} : { sms: channel }),
      }
      const goesOut = (own: SaidPreferences) =>
        planDelivery(person(own, said), wish({ channels: ['sms'] })).channels.length > 0
      expect(goesOut({})).toBe(type ?? category ?? channel ?? DEFAULT_PREFERENCES.sms)
      expect(goesOut({ email: false })).toBe(goesOut({}))
      for (const own of [true, false]) {
        expect(goesOut({ sms: own })).toBe(own)
        expect(goesOut({ categories: { order: { sms: own } } })).toBe(own)
        expect(goesOut({ types: { 'order.shipped': { sms: own } } })).toBe(own)
      }
    },
  )

  const layers = VALUES.flatMap((own) =>
    VALUES.flatMap((tenant) =>
      VALUES.flatMap((kind) =>
        (['sms', 'email', 'slack', 'database'] as const).map((channel) => ({
          ...{ own, tenant, kind, channel },
        })),
      ),
    ),
  )
  it.each(layers)(
    'of $channel a user says $own, his tenant $tenant, the kind of message $kind',
    ({ own, tenant, kind, channel }) => {
      const said = (value: boolean | undefined) => (value === undefined ? {} : { [channel]: value })
      const ours = channel === 'database' ? undefined : DEFAULT_PREFERENCES[channel]
      const expected = own ?? tenant ?? kind ?? ours ?? true
      const { preferences } = person(said(own), said(tenant))
      const subject = { types: ['order.shipped'], categories: ['order'], defaults: said(kind) }
      expect(wants(preferences, channel, subject)).toBe(expected)
      // What was said of the type is nearer than the kind's words, whoever said it.
      for (const value of [true, false]) {
        const byType = { types: { 'order.shipped': { [channel]: value } } }
        const ofTenant = person(said(own), byType).preferences
        expect(wants(ofTenant, channel, subject)).toBe(own ?? value)
        expect(wants(person(byType, said(tenant)).preferences, channel, subject)).toBe(value)
      }
    },
  )

  it('quiet hours of a tenant are those of whoever has none of his own', () => {
    const off = { ...night, is_enabled: false }
    const held = (own: SaidPreferences) =>
      Object.keys(planDelivery(person(own, { quiet_hours: night }), wish()).held)
    expect(held({})).toEqual(['email', 'push'])
    expect(held({ quiet_hours: off })).toEqual([])
  })

  it('wants(): a channel of which nobody ever spoke is on', () => {
    expect(wants(DEFAULT_PREFERENCES, 'discord', { types: ['x'], categories: [] })).toBe(true)
  })

  it.each([
    [{ type: 'order.shipped', data: {} }, ['order.shipped'], ['order']],
    [{ type: 'info', data: { category: 'news' } }, ['info'], ['news']],
    [
      { type: 'success', data: {}, template: { eventType: 'order.shipped' } },
      ['order.shipped', 'success'],
      ['order'],
    ],
  ])('subjectOf(%j)', (message, types, categories) => {
    expect(subjectOf(message)).toEqual({ types, categories })
  })

  it('mutedPart() minds the event’s type as well as the message’s', () => {
    const preferences = { ...DEFAULT_PREFERENCES, muted_types: ['order.shipped'] }
    expect(
      mutedPart(preferences, { types: ['order.shipped', 'info'], categories: [] }, 0),
    ).not.toBeNull()
    expect(mutedPart(preferences, { types: ['info'], categories: ['order'] }, 0)).toBeNull()
  })

  it('withChanges() keeps the types and categories that are not named', () => {
    const before = withChanges(DEFAULT_PREFERENCES, { categories: { a: { sms: true } } })
    const after = withChanges(before, { categories: { b: { sms: false } }, email: false })
    expect(after).toMatchObject({
      email: false,
      categories: { a: { sms: true }, b: { sms: false } },
    })
  })
})

describe('the words of the seeds', () => {
  const ALL = ['realtime', 'email', 'push']
  it.each([
    ['Apps', ['realtime', 'push'], true],
    ['Email', ['email'], false],
    ['Both', ALL, true],
    ['None', [], false],
  ])('product_notifications %s: %j, in the inbox: %s', (word, channels, inInbox) => {
    const preferences = PreferencesBody.parse({ product_notifications: word })
    const subject = { types: ['product.created'], categories: ['product'] }
    const plan = planDelivery(person(preferences as Partial<Preferences>), wish({ subject }))
    expect({ channels: plan.channels, inInbox: plan.inInbox }).toEqual({ channels, inInbox })
    const other = planDelivery(person(preferences as Partial<Preferences>), wish())
    expect(other.channels).toEqual(ALL)
  })

  it('flags are channels, everywhere or in a category', () => {
    const flags = {
      push_notifications_enabled: false,
      sms_notifications_enabled: true,
      marketing_emails_enabled: false,
    }
    expect(PreferencesBody.parse(flags)).toEqual({
      push: false,
      sms: true,
      categories: { marketing: { email: false } },
    })
  })

  it('a channel that is none is named, with those that are', () => {
    const { error } = PreferencesBody.safeParse({ types: { a: { pigeon: true } } })
    expect(error?.issues).toMatchObject([
      {
        path: ['types', 'a', 'pigeon'],
        message: expect.stringMatching(/^is no channel: .*sms.*Apps, Email/),
      },
    ])
  })

  it.each([
    { types: { a: 'Sometimes' } },
    { types: { a: { pigeon: true } } },
    { email: 'no' },
    { product_notifications: true },
  ])('%j is refused', (body) => {
    expect(PreferencesBody.safeParse(body).success).toBe(false)
  })
})

describe('quiet hours', () => {
  const until = Date.UTC(2026, 0, 11, 7) + 30_000

  it('hold what disturbs, spread over a minute, and nothing else', () => {
    const plan = planDelivery(
      person({ quiet_hours: night, sms: true }),
      wish({ channels: ['realtime', 'email', 'sms', 'push', 'mqtt'] }),
    )
    expect(plan).toMatchObject({
      channels: ['realtime', 'email', 'sms', 'push', 'mqtt'],
      held: { email: until, sms: until, push: until },
      inInbox: true,
    })
  })

  it.each([
    ['critical', { priority: 'critical' as const }],
    ['an alert that overrides', { overridesPreferences: true }],
    ['by day', { now: NOW + 12 * 3_600_000 }],
  ])('let through what is %s', (_what, fields) => {
    const plan = planDelivery(person({ quiet_hours: night }), wish(fields))
    expect(plan).toMatchObject({ channels: ['realtime', 'email', 'push'], held: {} })
  })

  it.each([
    ['is to be dropped', { ...night, mode: 'drop' as const }, {}],
    ['would expire meanwhile', night, { expiresAt: until }],
  ])('skip what %s, and say so', (_what, quiet_hours, fields) => {
    const plan = planDelivery(person({ quiet_hours }), wish(fields))
    expect(plan).toMatchObject({
      channels: ['realtime'],
      skipped: { email: 'quiet_hours', push: 'quiet_hours' },
      held: {},
    })
  })

  it.each([
    ['Asia/Tokyo', 'Europe/Paris', false],
    [null, 'Asia/Tokyo', false],
    [null, 'no such zone', true],
    [null, null, true],
  ])('count in their own zone %s, else the user’s %s', (timezone, users, isHeld) => {
    const recipient = person({ quiet_hours: { ...night, timezone } })
    const user = { ...recipient.user, timezone: users }
    const { held } = planDelivery({ ...recipient, user }, wish())
    expect(Object.keys(held).length > 0).toBe(isHeld)
  })

  it.each([
    [{ start: '22:00', end: '07:00' }, true],
    [{ is_enabled: false }, true],
    [{ weekly: { monday: { hours: [{ start: '09:00', end: '17:00' }] } } }, true],
    [{}, false],
    [{ start: '22:00' }, false],
    [{ start: '24:00', end: '07:00' }, false],
    [{ start: '8:00', end: '09:00' }, false],
    [{ start: '08:00', end: '08:00' }, false],
    [{ weekly: {} }, false],
    [{ start: '22:00', end: '07:00', weekly: {} }, false],
    [{ start: '22:00', end: '07:00', timezone: 'Mars/Olympus' }, false],
    [{ start: '22:00', end: '07:00', mode: 'shout' }, false],
  ])('%j is accepted: %s', (body, isAccepted) => {
    expect(QuietHoursBody.safeParse(body).success).toBe(isAccepted)
  })
})
