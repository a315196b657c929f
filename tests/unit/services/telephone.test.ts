import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PhoneBudget } from '../../../services/telephone/phone-budget.ts'
import { planOf } from '../../../services/telephone/phone-country.ts'
import { SmsConsent } from '../../../services/telephone/sms-consent.ts'
import { type IncomingSms, SmsReplies } from '../../../services/telephone/sms-replies.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const PHONE = '+12025550123'
const keys = new Keys()
let clock: FakeClock
let store: SqliteStore
let wishes: [string, boolean][]
let consent: SmsConsent

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log })
  wishes = []
  consent = new SmsConsent({
    ...{ store, keys, clock },
    setPreference: async (user, wants) => void wishes.push([user, wants]),
  })
})
afterEach(() => store.close())

const told = { user_id: 'ada', notification_id: 'n1', alert_ids: ['a1'] }
const incoming = (text: string, optOut: IncomingSms['optOut'] = null): IncomingSms => ({
  ...{ id: null, from: PHONE, text, optOut },
})

describe('answers by text message', () => {
  it.each(['STOP', ' stop\n', 'StopAll', 'unsubscribe', 'CANCEL', 'End', 'quit'])(
    '%j ends it, and switches off what the user wants',
    async (text) => {
      await consent.remember(PHONE, told)
      expect(await new SmsReplies({ consent }).receive(incoming(text))).not.toContain('Message')
      expect(await consent.find(PHONE)).toMatchObject({ source: 'reply', user_id: 'ada' })
      expect(wishes).toEqual([['ada', false]])
    },
  )

  it('START takes that back, even when the conversation is forgotten', async () => {
    await consent.optOut(PHONE, { userId: 'ada', source: 'provider' })
    expect(await consent.last(PHONE)).toBeNull()
    await new SmsReplies({ consent }).receive(incoming('start'))
    expect(await consent.find(PHONE)).toBeNull()
    expect(wishes).toEqual([
      ['ada', false],
      ['ada', true],
    ])
  })

  it('what Twilio makes of a message counts, in whatever language it was', async () => {
    await new SmsReplies({ consent }).receive(incoming('ARRET', 'STOP'))
    expect(await consent.find(PHONE)).not.toBeNull()
  })

  it('anything else goes to who answers, with what was said before', async () => {
    await consent.remember(PHONE, told)
    const heard: unknown[] = []
    const replies = new SmsReplies({
      consent,
      async answer(sms, last) {
        heard.push([sms.text, last])
        return 'Acknowledged <1>.'
      },
    })
    expect(await replies.receive(incoming('ack 1'))).toContain('Acknowledged &lt;1&gt;.')
    expect(heard).toEqual([['ack 1', expect.objectContaining(told)]])
    expect(await new SmsReplies({ consent }).receive(incoming('stop it'))).not.toContain('Message')
    expect(await consent.find(PHONE)).toBeNull()
  })

  it('no number is kept in the clear', async () => {
    await consent.remember(PHONE, told)
    await consent.optOut(PHONE, { userId: null, source: 'provider' })
    const seen: string[] = []
    for await (const { key, value } of store.keys()) seen.push(`${key} ${JSON.stringify(value)}`)
    expect(seen.join()).not.toContain('2025550123')
  })
})

describe('PhoneBudget', () => {
  const budget = (limits: Partial<Record<'perNumber' | 'perPrefix' | 'perDay', number>>) =>
    new PhoneBudget({
      ...{ store, keys },
      limits: { perNumber: null, perPrefix: null, perDay: null, ...limits },
    })
  const sms = { channel: 'sms', kind: 'other', segments: 1 } as const

  it('bounds one number in a day', async () => {
    const limited = budget({ perNumber: 2 })
    expect([await limited.take(PHONE, sms), await limited.take(PHONE, sms)]).toEqual([null, null])
    expect(await limited.take(PHONE, sms)).toBe('budget: 2 a day to one number')
    expect(await limited.take('+12025550124', sms)).toBeNull()
    clock.advance(86_400_000)
    expect(await limited.take(PHONE, sms)).toBeNull()
  })

  it('bounds numbers that differ in their last digits, in an hour', async () => {
    const limited = budget({ perPrefix: 3 })
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => limited.take(`+1202555${1000 + n}`, sms)),
    )
    expect(results.filter((reason) => reason === null)).toHaveLength(3)
    expect(await limited.take('+12025561000', sms)).toBeNull()
    clock.advance(3_600_000)
    expect(await limited.take(PHONE, sms)).toBeNull()
  })

  it('counts a day in parts, and alerts and calls apart', async () => {
    const limited = budget({ perDay: 5 })
    expect(await limited.take(PHONE, { ...sms, segments: 4 })).toBeNull()
    expect(await limited.take(PHONE, { ...sms, segments: 2 })).toBe('budget: 5 parts a day')
    expect(await limited.take(PHONE, { ...sms, segments: 2, kind: 'alert' })).toBeNull()
    expect(await limited.take(PHONE, { ...sms, segments: 1, channel: 'voice' })).toBeNull()
  })

  it('of nothing sends nothing', async () => {
    expect(await budget({ perDay: 0 }).take(PHONE, sms)).toBe('budget: 0 parts a day')
  })
})

describe('planOf()', () => {
  it.each([
    ['+12025550123', 'US', false],
    ['+33612345678', 'FR', false],
    ['+447400123456', 'GB', false],
    ['+19005550123', 'US', true],
    ['+33899123456', 'FR', true],
    ['+449098790879', 'GB', true],
  ])('%s is of %s, premium: %s', (phone, country, isPremium) => {
    expect(planOf(phone)).toEqual({ country, isPremium })
  })
})
