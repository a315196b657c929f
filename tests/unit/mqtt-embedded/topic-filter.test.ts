import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  coversFilter,
  filterFault,
  matchesFilter,
  parseShared,
  topicFault,
} from '../../../src/mqtt/embedded/topic-filter.ts'

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/', true],
  ['+', '/a', false],
  ['+/+', '/a', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a/b', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
])('matchesFilter(%j, %j) is %s', (filter, topic, expected) => {
  expect(matchesFilter(filter, topic)).toBe(expected)
})

test.each(['', 'a/#/b', 'a#', 'a+', '+a/b', 'a/b+', 'a\0b', 'a/'.repeat(100), '\ud800'])(
  'filterFault() finds something in %j',
  (filter) => {
    expect(filterFault(filter)).not.toBeNull()
  },
)

test.each(['a', '/', '#', '+', 'a/+/b', 'a/#', '+/#', '/+', 'ü/ž'])(
  'filterFault() finds nothing in %j',
  (filter) => {
    expect(filterFault(filter)).toBeNull()
  },
)

test('topicFault() refuses wildcards, NUL, half characters, and what is too long or too deep', () => {
  const illegal = ['', 'a/+', '#', 'a\0', '\udc00', 'x'.repeat(65_536), 'ä'.repeat(32_768)]
  for (const topic of [...illegal, '/'.repeat(100)]) expect(topicFault(topic)).not.toBeNull()
  for (const topic of ['a', '/', 'x'.repeat(65_535), '/'.repeat(99), '$SYS/x']) {
    expect(topicFault(topic)).toBeNull()
  }
})

test('parseShared() takes group and filter apart', () => {
  expect(parseShared('$share/g/a/#')).toEqual({ group: 'g', filter: 'a/#' })
  for (const filter of ['$share/g', '$share//a', '$share/g+/a', 'share/g/a', '$share/g/']) {
    expect(parseShared(filter)).toBeNull()
  }
})

describe('coversFilter()', () => {
  const level = fc.constantFrom('a', 'b', '')
  const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
  const filters = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '+'), { maxLength: 3 }), fc.boolean())
    .filter(([levels, open]) => levels.length > 0 || open)
    .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))

  test('says yes only where the pattern reaches every topic that the filter reaches', () => {
    fc.assert(
      fc.property(filters, filters, topics, (pattern, filter, topic) => {
        const isHole = matchesFilter(filter, topic) && !matchesFilter(pattern, topic)
        return !(coversFilter(pattern, filter) && isHole)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['users/42/#', 'users/42/#', true],
    ['users/42/#', 'users/42', true],
    ['users/42/#', 'users/+/inbox', false],
    ['users/42/#', 'users/#', false],
    ['pumps/+/state', 'pumps/7/state', true],
    ['pumps/+/state', 'pumps/#', false],
    ['#', '$SYS/#', false],
  ])('coversFilter(%j, %j) is %s', (pattern, filter, expected) => {
    expect(coversFilter(pattern, filter)).toBe(expected)
  })
})
