import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inOurWords, toIssue } from '../../../src/support/issue-words.ts'

const Target = z.union([z.object({ id: z.string() }), z.strictObject({ name: z.string() })])

const Body = z.object({
  text: z.string().min(2).max(3),
  count: z.number().min(1).max(9),
  names: z.array(z.string()).max(1),
  kind: z.enum(['a', 'b']),
  only: z.strictObject({ a: z.string() }),
  of: z.discriminatedUnion('type', [
    z.object({ type: z.literal('x') }),
    z.object({ type: z.literal('y') }),
  ]),
  target: Target,
  own: z.string({ error: 'in its own words' }),
})

const GOOD = {
  text: 'abc',
  count: 3,
  names: [],
  kind: 'a',
  only: { a: '' },
  of: { type: 'x' },
  target: { id: '' },
  own: '',
}

describe('inOurWords', () => {
  it.each([
    [{ text: undefined }, 'text', 'is required'],
    [{ text: 1 }, 'text', 'must be text'],
    [{ text: 'a' }, 'text', 'must have at least 2 characters'],
    [{ text: 'abcd' }, 'text', 'must have at most 3 characters'],
    [{ count: '1' }, 'count', 'must be a number'],
    [{ count: 0 }, 'count', 'must be at least 1'],
    [{ count: 10 }, 'count', 'must be at most 9'],
    [{ names: ['a', 'b'] }, 'names', 'must have at most 1 entries'],
    [{ names: {} }, 'names', 'must be a list'],
    [{ kind: 'c' }, 'kind', 'must be one of a, b'],
    [{ only: { a: '', b: '' } }, 'only', 'has no field b'],
    [{ of: { type: 'z' } }, 'of.type', 'must be one of x, y'],
    [{ target: 'user:1' }, 'target', 'must be an object'],
    [{ target: {} }, 'target', 'id is required, or name is required'],
    [{ own: 1 }, 'own', 'in its own words'],
  ])('says what would be right: %j', (wrong, path, message) => {
    const { error } = Body.safeParse({ ...GOOD, ...wrong }, inOurWords)
    expect(error?.issues.map(toIssue)).toEqual([{ path, message }])
  })

  it('speaks of the whole where there is no field', () => {
    const { error } = Body.safeParse([], inOurWords)
    expect(error?.issues.map(toIssue)).toEqual([{ path: '', message: 'must be an object' }])
  })
})
