import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinearPattern } from '../../../src/support/linear-pattern.ts'
import { matcher } from '../../../src/support/matcher.ts'

/** Patterns of a few letters with everything that is understood. */
const { source: patterns } = fc.letrec<{ atom: string; part: string; source: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '[a-b]', '\\d', '\\w', '\\.', '\\W'),
    tie('source').map((inner) => `(${inner})`),
  ),
  part: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '*?'))
    .map(([atom, quantifier]) => atom + quantifier),
  source: fc.oneof(
    { depthSize: 'small' },
    fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => `${one}|${other}`),
  ),
}))
const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.', '1', '_', '-'), maxLength: 8 })

const sandbox = createContext({})

/** What a regular expression says; `null` where it would backtrack for ages, as ours never does. */
function expectedOf(source: string, text: string): boolean | null {
  const [pattern, subject] = [`^(?:${source})$`, text].map((word) => JSON.stringify(word))
  try {
    const code = `new RegExp(${pattern}, 's').test(${subject})`
    return runInContext(code, sandbox, { timeout: 200 }) as boolean
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null
    throw error
  }
}

describe('LinearPattern', () => {
  it('agrees with an anchored regular expression', () => {
    fc.assert(
      fc.property(patterns, texts, (source, text) => {
        fc.pre(source.length < 60)
        const expected = expectedOf(source, text)
        fc.pre(expected !== null)
        expect(new LinearPattern(source).test(text)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes no longer for patterns at which others despair', () => {
    const hostile = 'a'.repeat(20_000)
    for (const source of ['(a+)+b', '(a|a)*b', '.*.*.*.*.*.*.*b', '(.*)*(.*)*c', '(a*)*b']) {
      expect(new LinearPattern(source).test(hostile)).toBe(false)
    }
  })

  it.each([
    ['(?i)test-[a-z]+', 'TEST-abc', true],
    ['(?i)é+', 'ÉÉ', true],
    ['^exact$', 'exact', true],
    ['price\\$', 'price$', true],
    ['exact', 'not exact', false],
    ['.', '😀', true],
    ['', '', true],
    ['a|', '', true],
  ])('%j and %j: %s', (source, text, expected) => {
    expect(new LinearPattern(source).test(text)).toBe(expected)
  })

  it.each([
    ...['a**', '(', ')', '[a', '\\', 'a{5,2}', 'a{1000}', '(?=a)', '(?<n>a)', '\\1', '*', 'a^b'],
    '((((((((((((((((((((((a))))))))))))))))))))))',
    '(a{100}){100}',
    'x'.repeat(513),
  ])('refuses %j with a reason', (source) => {
    expect(() => new LinearPattern(source)).toThrow(/^The pattern /)
  })
})

describe('matcher()', () => {
  it('compares as Alertmanager does: whole, with and without patterns, negated', () => {
    expect(matcher('=', 'disk')('disk')).toBe(true)
    expect(matcher('!=', 'disk')('disk')).toBe(false)
    expect(matcher('=~', 'disk|cpu')('cpu')).toBe(true)
    expect(matcher('=~', 'disk')('disk_full')).toBe(false)
    expect(matcher('!~', 'disk.*')('disk_full')).toBe(false)
    expect(matcher('!=', 'x')('')).toBe(true)
  })
})
