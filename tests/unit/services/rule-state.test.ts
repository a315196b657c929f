// biome-ignore-all lint/suspicious/noThenProperty: it is the word of the file.
import { describe, expect, it } from 'vitest'
import type { Rule } from '../../../services/rules/rule.ts'
import {
  advance,
  type RuleState,
  receive,
  ripen,
  UNTOUCHED,
} from '../../../services/rules/rule-state.ts'
import { parseRules } from '../../../services/rules/rules-file.ts'
import { TemplateEngine } from '../../../services/templates/template-engine.ts'

const NOTIFY = { notify: { to: 'user:ada', message: 'x' } }

function ruleOf(fields: object): Rule {
  const rules = [{ name: 'r', topic: 'sensors/{id}', then: NOTIFY, ...fields }]
  return parseRules(JSON.stringify({ rules }), new TemplateEngine()).rules[0]!
}

/** Lets readings pass, one a second; answers with what followed from each. */
function run(rule: Rule, readings: readonly (number | string)[], stepMs = 1000) {
  let state: RuleState = UNTOUCHED
  return readings.map((reading, index) => {
    const number = typeof reading === 'number' ? reading : null
    const seen = { matches: true, number, text: String(reading) }
    const { after, effects } = advance(rule, state, seen, index * stepMs)
    state = after
    return effects.map(({ kind }) => kind).join('+')
  })
}

describe('advance()', () => {
  it('[G-03] between its two limits a reading changes nothing', () => {
    const rule = ruleOf({ above: 8, clear: 6 })
    expect(run(rule, [7, 8, 8.1, 7, 9, 6.1, 6, 7, 8.5])).toEqual([
      ...['', '', 'began+fired', '', '', '', 'ended', '', 'began+fired'],
    ])
    expect(run(ruleOf({ below: 2 }), [3, 2, 1.9, 2, 1])).toEqual([
      ...['', '', 'began+fired', 'ended', 'began+fired'],
    ])
  })

  it('a thousand readings that are alike are one event', () => {
    const all = run(ruleOf({ above: 8 }), Array(1000).fill(9))
    expect(all.filter((effects) => effects !== '')).toEqual(['began+fired'])
  })

  it('what must last is told once it has, also where the next message comes later', () => {
    const rule = ruleOf({ above: 8, for: '3s' })
    expect(run(rule, [9, 9, 9, 9, 9])).toEqual(['ripen', '', '', 'began+fired', ''])
    expect(run(rule, [9, 9, 7, 9, 9, 9])).toEqual(['ripen', '', '', 'ripen', '', ''])
    const pending = advance(rule, UNTOUCHED, { matches: true, number: 9, text: '9' }, 0).after
    expect(ripen(rule, pending, 3000)).toMatchObject({ after: { raised: true, since: null } })
  })

  it('words are no readings of a threshold', () => {
    expect(run(ruleOf({ above: 8 }), ['ON', 9, 'OFF', 9])).toEqual(['', 'began+fired', '', ''])
  })

  it('on_change is about the value that came last', () => {
    const rule = ruleOf({ on_change: true })
    expect(run(rule, ['a', 'a', 'b', 'b', 'a'])).toEqual(['fired', '', 'fired', '', 'fired'])
  })

  it('debounce counts what comes too soon, and says so once at its end', () => {
    const rule = ruleOf({ debounce: '3s' })
    expect(run(rule, ['a', 'b', 'c', 'd', 'e'])).toEqual([
      'fired',
      'summary',
      '',
      'fired',
      'summary',
    ])
  })
})

describe('parseRules()', () => {
  const issuesOf = (source: string) => {
    try {
      parseRules(source, new TemplateEngine())
      return []
    } catch (error) {
      return (error as { issues: { path: string; message: string }[] }).issues
    }
  }
  const rule = (fields: object) =>
    JSON.stringify({ rules: [{ name: 'r', topic: 'a/{b}', then: NOTIFY, ...fields }] })

  it.each([
    [{ topic: 'notifications/{x}' }, 'rules.0.topic', /Belfry's own/],
    [{ topic: '{any}/x' }, 'rules.0.topic', /Belfry's own/],
    [{ topic: 'a/{b' }, 'rules.0.topic', /./],
    [{ above: 1, below: 2 }, 'rules.0.below', /not both/],
    [{ above: 8, clear: 9 }, 'rules.0.clear', /at most above/],
    [{ match: ['payload ~ 1'] }, 'rules.0.match.0', /say "<field> = value"/],
    [{ then: {} }, 'rules.0.then', /alert, notify or event/],
    [{ for: 'soon' }, 'rules.0.for', /90s, 30m/],
    [{ then: { notify: { to: 'bob', message: 'x' } } }, 'rules.0.then.notify.to.0', /user:<id>/],
    [{ then: { notify: { to: 'all', message: '{{ x' } } }, 'rules.0.then', /./],
    [{ unknown: 1 }, 'rules.0', /unknown/],
  ])('says what is wrong with %j', (fields, path, message) => {
    expect(issuesOf(rule(fields))).toContainEqual({ path, message: expect.stringMatching(message) })
  })

  it('takes an empty file, refuses what is no YAML and names that are there twice', () => {
    expect(issuesOf('')).toEqual([])
    expect(() => parseRules('a: [', new TemplateEngine())).toThrow(/no YAML/)
    const twice = { name: 'r', topic: 'a/b', then: NOTIFY }
    expect(issuesOf(JSON.stringify({ rules: [twice, twice] }))[0]?.path).toBe('rules.1.name')
  })
})

describe('receive()', () => {
  /** Readings as (number, when it was made); answers with what followed. */
  const timed = (rule: Rule, readings: readonly (readonly [number, number | null])[]) => {
    let state: RuleState = UNTOUCHED
    return readings.map(([number, at]) => {
      const seen = { matches: true, number, text: String(number), at, mark: null, isKept: false }
      const { after, effects } = receive(rule, state, seen, 1000)
      state = after
      return effects.map(({ kind }) => kind).join('+')
    })
  }

  it('an older reading never overrides a newer one, in whatever order they come', () => {
    const rule = ruleOf({ above: 8, time: 'payload.at' })
    expect(
      timed(rule, [
        ...([
          [9, 100],
          [7, 90],
          [7, 110],
          [9, 105],
          [9, 110],
          [7, 120],
        ] as const),
      ]),
    ).toEqual(['began+fired', '', 'ended', '', 'began+fired', 'ended'])
    // The newest was taken first, and changed nothing: what comes late changes nothing either.
    expect(
      timed(rule, [
        [7, 200],
        [9, 100],
      ]),
    ).toEqual(['', ''])
    expect(
      timed(rule, [
        [9, 200],
        [7, null],
        [9, 150],
      ]),
    ).toEqual(['began+fired', 'ended', ''])
  })

  it('what the broker kept is taken once, and not after it was taken as news', () => {
    const rule = ruleOf({ retained: 'accept' })
    let state: RuleState = UNTOUCHED
    const come = (mark: string, isKept: boolean) => {
      const seen = { matches: true, number: null, text: mark, at: null, mark, isKept }
      const { after, effects } = receive(rule, state, seen, 1000)
      state = after
      return effects.length
    }
    const all = [come('a', true), come('a', true), come('b', false), come('b', true)]
    expect([...all, come('b', false), come('a', true)]).toEqual([1, 0, 1, 0, 1, 1])
  })
})

describe('clocks that are wrong', () => {
  const reading = (number: number, at: number) => ({
    ...{ matches: true, number, text: String(number), at, mark: null, isKept: false },
  })
  const HOUR = 3_600_000

  it('of a device: one reading from the future does not keep out those that follow', () => {
    const rule = ruleOf({ above: 8, time: 'payload.at' })
    const now = 1000 * HOUR
    const wrong = receive(rule, UNTOUCHED, reading(5, now + 9999 * HOUR), now)
    const right = receive(rule, wrong.after, reading(9, now + 1000), now + 1000)
    expect(right.effects.map(({ kind }) => kind)).toEqual(['began', 'fired'])
    const late = receive(rule, right.after, reading(5, now + 500), now + 2000)
    expect(late.why).toBe('a newer reading was taken before')
  })

  it('of ours: a reading after it was set back is taken, and told', () => {
    const rule = ruleOf({ above: 8, time: 'payload.at', debounce: '1h' })
    const ahead = 1000 * HOUR
    const first = receive(rule, UNTOUCHED, reading(9, ahead), ahead)
    const now = ahead - 24 * HOUR
    const over = receive(rule, first.after, reading(5, now), now)
    expect(over.effects.map(({ kind }) => kind)).toEqual(['ended'])
    const again = receive(rule, over.after, reading(9, now + 1000), now + 1000)
    expect(again.effects.map(({ kind }) => kind)).toEqual(['began', 'fired'])
  })

  it('of ours: what happens at each message is not held back for as long as it was ahead', () => {
    const rule = ruleOf({ debounce: '1m' })
    const seen = { matches: true, number: 1, text: '1' }
    const { after } = advance(rule, UNTOUCHED, seen, 1000 * HOUR)
    const { effects } = advance(rule, after, seen, 900 * HOUR)
    expect(effects).toEqual([{ kind: 'fired' }])
  })
})
