import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Level, Topic } from '../../../src/mqtt/topic.ts'
import { TopicTrie } from '../../../src/mqtt/topic-trie.ts'

const RANK = { literal: 0, typed: 1, any: 2, rest: 3 } satisfies Record<Level['kind'], number>

/** The definition: of all patterns that match, the one that ranks lowest, level by level. */
function naive(patterns: readonly string[], topic: string): string | null {
  const matching = patterns.map((pattern) => new Topic(pattern)).filter((each) => each.match(topic))
  const ranks = (each: Topic) => each.levels.map(({ kind }) => RANK[kind]).join('')
  const best = matching.sort((a, b) => (ranks(a) < ranks(b) ? -1 : 1))[0]
  return best?.pattern ?? null
}

const word = fc.constantFrom('a', 'b', '1', '')
const level = fc.constantFrom('a', 'b', '1', '{x}', '{x:int}')
const pattern = fc
  .tuple(fc.array(level, { minLength: 0, maxLength: 4 }), fc.boolean())
  .filter(([levels, hasRest]) => levels.length > 0 || hasRest)
  .map(([levels, hasRest]) =>
    [...levels, ...(hasRest ? ['{rest*}'] : [])]
      .map((each, index) => each.replace('x', `x${index}`))
      .join('/'),
  )

describe('TopicTrie', () => {
  it('finds what the definition finds, with the same parameters', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { selector: (each) => new Topic(each).shape, maxLength: 20 }),
        fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('/')),
        (patterns, topic) => {
          const trie = new TopicTrie<string>()
          for (const each of patterns) expect(trie.add(new Topic(each), each)).toBeNull()
          const expected = naive(patterns, topic)
          const found = trie.match(topic)
          expect(found?.value ?? null).toBe(expected)
          if (found && expected !== null) {
            expect({ ...found.params }).toEqual({ ...new Topic(expected).match(topic) })
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('goes back when the most specific beginning leads nowhere', () => {
    const trie = new TopicTrie<string>()
    for (const each of ['a/b/c', 'a/{x}/d', '{y}/b/{z}', 'a/{rest*}'])
      trie.add(new Topic(each), each)
    expect(trie.match('a/b/c')?.value).toBe('a/b/c')
    expect(trie.match('a/b/d')).toMatchObject({ value: 'a/{x}/d', params: { x: 'b' } })
    expect(trie.match('a/b/e')).toMatchObject({ value: 'a/{rest*}', params: { rest: 'b/e' } })
    expect(trie.match('z/b/e')).toMatchObject({ value: '{y}/b/{z}', params: { y: 'z', z: 'e' } })
    expect(trie.match('z/c/e')).toBeNull()
  })

  it('answers with the pattern that already has a shape', () => {
    const trie = new TopicTrie<string>()
    trie.add(new Topic('a/{x}'), 'first')
    expect(trie.add(new Topic('a/{y}'), 'second')).toBe('first')
    expect(trie.add(new Topic('a/{y:int}'), 'typed')).toBeNull()
    expect(trie.match('a/12')?.value).toBe('typed')
  })

  it('a look-up costs the same with ten thousand routes as with ten', () => {
    const fastest = (count: number) => {
      const trie = new TopicTrie<number>()
      for (let n = 0; n < count; n++) trie.add(new Topic(`devices/d${n}/{field}/set`), n)
      const topic = `devices/d${count - 1}/x/set`
      const runs = Array.from({ length: 8 }, () => {
        const startedAt = performance.now()
        for (let n = 0; n < 5_000; n++) trie.match(topic)
        return performance.now() - startedAt
      })
      return Math.min(...runs)
    }
    fastest(10)
    expect(fastest(10_000)).toBeLessThan(fastest(10) * 20)
  })
})
