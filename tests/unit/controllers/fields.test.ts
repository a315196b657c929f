import { describe, expect, it } from 'vitest'
import { email, phone } from '../../../controllers/addresses.ts'
import { channels, moment, priority, requiredText, userId } from '../../../controllers/fields.ts'

const NOON = Date.UTC(2026, 0, 5, 12)

function messageOf(result: { error?: { issues: { message: string }[] } | undefined }) {
  return result.error?.issues[0]?.message
}

describe('moment()', () => {
  it.each([
    [NOON / 1000, NOON],
    [NOON / 1000 + 0.25, NOON + 250],
    [String(NOON / 1000), NOON],
    ['2026-01-05T12:00:00Z', NOON],
    ['2026-01-05T12:00:00.000Z', NOON],
    ['2026-01-05T14:00:00+02:00', NOON],
    ['2026-01-05T12:00', NOON],
    ['2026-01-05 12:00:00', NOON],
    ['2026-01-05', Date.UTC(2026, 0, 5)],
  ])('%j is %d', (input, at) => {
    expect(moment().parse(input)).toBe(at)
  })

  it.each([
    'tomorrow',
    '',
    '2026-13-01T00:00:00Z',
    '05/01/2026',
    -1,
    Number.NaN,
    Infinity,
    null,
    true,
    {},
  ])('%j is none', (input) => {
    expect(messageOf(moment().safeParse(input))).toMatch(/^must be epoch seconds or an ISO 8601/)
  })

  it('says what is wrong with milliseconds', () => {
    expect(messageOf(moment().safeParse(NOON))).toContain('milliseconds')
  })
})

describe('channels()', () => {
  it.each([
    [undefined, null],
    [null, null],
    [[], []],
    ['sms', ['sms']],
    [
      ['mail', 'email', 'push', 'push'],
      ['email', 'push'],
    ],
    [['database'], []],
  ])('%j is %j', (input, names) => {
    expect(channels().parse(input)).toEqual(names)
  })

  it('names the ones there are', () => {
    expect(messageOf(channels().safeParse(['fax']))).toContain('realtime, email, sms')
  })
})

describe('the small ones', () => {
  it('priority() is normal unless it says otherwise', () => {
    expect(priority().parse(undefined)).toBe('normal')
    expect(priority().parse('critical')).toBe('critical')
    expect(messageOf(priority().safeParse('urgent'))).toContain('critical, high, normal, low')
  })

  it('userId() refuses what could not stand in a topic or a key', () => {
    expect(userId().parse('auth0|5f7c8ec7c33c6c004bbafe82')).toBe('auth0|5f7c8ec7c33c6c004bbafe82')
    for (const id of ['', 'a/b', 'a+b', '#', 'a b', 'x'.repeat(129), 7]) {
      expect(userId().safeParse(id).success).toBe(false)
    }
  })

  it('requiredText() says the same of what is missing and what is empty', () => {
    for (const text of [undefined, null, '', '  ']) {
      expect(messageOf(requiredText('Say something').safeParse(text))).toBe('Say something')
    }
    expect(messageOf(requiredText('x', 3).safeParse('long'))).toContain('3 characters')
  })

  it('email() and phone() give addresses in their one form', () => {
    expect(email().parse('ada@bücher.example')).toBe('ada@xn--bcher-kva.example')
    expect(phone().parse('+43 (0) 664 1234567')).toBe('+436641234567')
    expect(email().safeParse('a@b.c, d@e.f').success).toBe(false)
    expect(phone().safeParse('0664 1234567').success).toBe(false)
  })
})
