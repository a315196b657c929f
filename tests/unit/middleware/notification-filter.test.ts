import { describe, expect, it } from 'vitest'
import { notificationFilter } from '../../../middleware/notification-filter.ts'
import { type CompiledRule, FilterRules } from '../../../services/rules/filter-rule.ts'
import type { Context } from '../../../src/context.ts'
import { Expired, Filtered } from '../../../src/support/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeContext } from '../../support/make-context.ts'

const clock = new FakeClock()
const seconds = clock.now() / 1000

interface Sifting {
  readonly rules?: readonly object[]
  readonly random?: () => number
}

async function sift(overrides: Partial<Context>, { rules = [], random }: Sifting = {}) {
  const compiled: readonly CompiledRule[] = FilterRules.parse(rules)
  const dropped: string[] = []
  const middleware = notificationFilter({
    clock,
    rules: () => compiled,
    onDropped: (rule) => dropped.push(rule),
    ...(random ? { random } : {}),
  })
  const context = makeContext(overrides)
  try {
    await middleware(context, async () => undefined)
    return { payload: context.payload, dropped }
  } catch (error) {
    expect(dropped).toEqual([error instanceof Filtered ? error.reason : 'expired'])
    return error
  }
}

const reason = (result: unknown) => (result as Filtered).reason

describe('notificationFilter(), what always holds', () => {
  it.each([seconds - 1, String(seconds - 1), '2026-01-05T11:59:59Z', '2026-01-05T11:59:59'])(
    'a message that expired (%j) is dropped',
    async (expires_at) => {
      expect(await sift({ payload: { message: 'x', expires_at } })).toBeInstanceOf(Expired)
    },
  )

  it.each([seconds + 1, '2026-01-05T12:00:01Z', '2026-01-05T14:00:01+02:00', 'soon', null])(
    'one that has not (%j) passes',
    async (expires_at) => {
      const payload = { message: 'x', expires_at }
      expect(await sift({ payload })).toEqual({ payload, dropped: [] })
    },
  )

  it('a replayed message is dropped unless a rule lets it pass', async () => {
    expect(reason(await sift({ retained: true }))).toBe('retained')
    const rule = { name: 'status', match: ['topic =~ .*/user/42'], action: 'allow' }
    expect(reason(await sift({ retained: true }, { rules: [rule] }))).toBe('retained')
    const rules = [{ ...rule, retained: 'accept' }]
    expect(await sift({ retained: true }, { rules })).toMatchObject({ dropped: [] })
    const target = 'notifications/realtime/user/43'
    expect(reason(await sift({ retained: true, target }, { rules }))).toBe('retained')
  })

  it('an empty message is dropped; one without a message is for the validation', async () => {
    expect(reason(await sift({ payload: { message: ' \n\u0000' } }))).toBe('empty_message')
    expect(await sift({ payload: { emails: [] } })).toMatchObject({ dropped: [] })
    for (const payload of [undefined, null, 'text', [1]]) {
      expect(await sift({ payload })).toMatchObject({ payload })
    }
  })

  it('what is too long is refused, mails excepted from the whole', async () => {
    const long = 'x'.repeat(4000)
    const fits = { message: long, title: 't'.repeat(200), data: { blob: 'x'.repeat(60_000) } }
    expect(await sift({ payload: fits })).toMatchObject({ dropped: [] })
    for (const payload of [
      { message: `${long}x` },
      { message: 'x', title: 't'.repeat(201) },
      { message: 'x', data: 'ä'.repeat(33_000) },
    ]) {
      expect(reason(await sift({ payload }))).toBe('content_limit')
    }
    const target = 'notifications/email/send'
    const payload = { to: 'a@b.ch', body: 'x'.repeat(200_000) }
    expect(await sift({ target, payload })).toMatchObject({ dropped: [] })
  })

  it('control characters are taken out of what people are shown, line breaks stay', async () => {
    const payload = { message: 'a\u0007b\nc\td\u009be', title: 'x\u0000', data: { raw: '\u0007' } }
    expect(await sift({ payload })).toMatchObject({
      payload: { message: 'ab\nc\tde', title: 'x', data: { raw: '\u0007' } },
    })
    expect(payload.message).toContain('\u0007')
  })
})

describe('notificationFilter(), declared rules', () => {
  const drop = (...match: string[]) => ({ name: 'no', action: 'drop', match })

  it.each([
    'topic = notifications/realtime/user/42',
    'topic =~ notifications/.*/42',
    'params.user_id = 42',
    'user = 42',
    'peer =~ pump-[0-9]+',
    'client != other',
    'priority = normal',
    'type = "disk full"',
    'payload.source =~ (?i)TEST.*',
    'payload.data.deep.n = 7',
    'payload.missing = ',
    'payload.toString = ""',
    'payload.missing !~ .+',
    'door = mqtt',
  ])('%j matches', async (condition) => {
    const payload = { message: 'x', type: 'disk full', source: 'test-7', data: { deep: { n: 7 } } }
    const context = { payload, peer: 'pump-7', params: { user_id: '42' } }
    expect(reason(await sift(context, { rules: [drop(condition)] }))).toBe('no')
  })

  it('a pattern is compared with the whole value, and all conditions must hold', async () => {
    const payload = { message: 'x', source: 'prod-test' }
    const passes = { dropped: [] }
    expect(await sift({ payload }, { rules: [drop('payload.source =~ test')] })).toMatchObject(
      passes,
    )
    const both = drop('payload.source =~ .*test', 'priority = high')
    expect(await sift({ payload }, { rules: [both] })).toMatchObject(passes)
  })

  it('the first rule that allows or drops decides; set and tag go on', async () => {
    const rules = [
      { name: 'calm', action: 'set', match: ['payload.source = ci'], set: { priority: 'low' } },
      { name: 'mark', action: 'tag', match: ['priority = low'], tags: ['ci', 'auto'] },
      { name: 'keep', action: 'allow', match: ['payload.message =~ .*release.*'] },
      drop('priority = low'),
    ]
    const payload = { message: 'a release', source: 'ci', tags: ['ci'] }
    expect(await sift({ payload }, { rules })).toEqual({
      payload: { ...payload, priority: 'low', tags: ['ci', 'auto'] },
      dropped: [],
    })
    const other = { message: 'a build', source: 'ci' }
    expect(reason(await sift({ payload: other }, { rules }))).toBe('no')
  })

  it('sample keeps its share and drops the rest', async () => {
    const rules = [{ name: 'some', action: 'sample', rate: 0.25 }]
    expect(await sift({}, { rules, random: () => 0.24 })).toMatchObject({ dropped: [] })
    expect(reason(await sift({}, { rules, random: () => 0.25 }))).toBe('some')
  })

  it('a hostile text does not hold up a rule with a bad pattern', async () => {
    const payload = { message: 'a'.repeat(4000) }
    const rules = [drop('payload.message =~ (a+)+(a|a)*b')]
    expect(await sift({ payload }, { rules })).toMatchObject({ dropped: [] })
  })

  it.each([
    { name: 'x', action: 'drop', match: ['payload.a ~ b'] },
    { name: 'x', action: 'drop', match: ['secrets.a = b'] },
    { name: 'x', action: 'drop', match: ['payload.a =~ (a'] },
    { name: 'x', action: 'explode' },
    { name: 'x', action: 'set', set: { 'a.b': 1 } },
    { name: 'x', action: 'sample', rate: 2 },
    { action: 'drop' },
  ])('%j is refused when it is read', (rule) => {
    expect(FilterRules.safeParse([rule]).success).toBe(false)
  })

  it('a rule cannot set what an object inherits', async () => {
    const set = JSON.parse('{"__proto__":{"admin":true},"priority":"low"}') as object
    const result = await sift({}, { rules: [{ name: 'x', action: 'set', set }] })
    const { payload } = result as { payload: Record<string, unknown> }
    expect(payload).toEqual({ message: 'hello', priority: 'low' })
    expect(payload.admin).toBeUndefined()
  })
})
