import { describe, expect, expectTypeOf, it } from 'vitest'
import { Topic, type TopicParams } from '../../../src/mqtt/topic.ts'

describe('Topic', () => {
  it('asks the broker for a filter with wildcards', () => {
    expect(new Topic('alerts/critical/{type}').filter).toBe('alerts/critical/+')
    expect(new Topic('a/{id:int}/{b:uuid}/c').filter).toBe('a/+/+/c')
    expect(new Topic('logs/{path*}').filter).toBe('logs/#')
    expect(new Topic('{all*}').filter).toBe('#')
  })

  it('reads parameters into an object without prototype', () => {
    const params = new Topic('a/{__proto__}/{toString}').match('a/x/y')
    expect(Object.getPrototypeOf(params)).toBeNull()
    expect(Object.entries(params ?? {})).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ])
    expect(new Topic('a/{b}').match('a/c')).not.toHaveProperty('constructor')
  })

  it.each([
    ['a/b', 'a/b', {}],
    ['a/b', 'a/B', null],
    ['a/{x}', 'a/', null],
    ['a/{x}', 'a', null],
    ['a/{x}', 'a/b/c', null],
    ['a/{x}/c', 'a//c', null],
    ['a/{x:int}', 'a/-12', { x: '-12' }],
    ['a/{x:int}', 'a/1e3', null],
    ['a/{x:int}', 'a/12345678901234567', null],
    ['a/{x:uuid}', 'a/0197E0F0-0000-7000-8000-000000000000', expect.anything()],
    ['a/{x:uuid}', 'a/0197e0f0', null],
    ['a/{x*}', 'a/b/c', { x: 'b/c' }],
    ['a/{x*}', 'a/', null],
    ['a/{x*}', 'a', null],
    ['a.b/{x}', 'aXb/c', null],
    ['{x}/b', '$SYS/b', null],
    ['{x*}', '$SYS/b', null],
    ['a/{x}', 'a/$b', { x: '$b' }],
  ])('%s against %s', (pattern, topic, expected) => {
    const params = new Topic(pattern).match(topic)
    expect(params === null ? null : { ...params }).toEqual(expected)
  })

  it.each([
    ['', 'empty level'],
    ['/a', 'empty level'],
    ['a/', 'empty level'],
    ['a//b', 'empty level'],
    ['a/+', '"+"'],
    ['a/#', '"#"'],
    ['a/b#', '"b#"'],
    ['a/x{id}', '"x{id}"'],
    ['a/{id', '"{id"'],
    ['a/{}', '"{}"'],
    ['a/{1d}', '"{1d}"'],
    ['a/{id:float}', 'unknown constraint "float"'],
    ['a/{id:toString}', '"{id:toString}"'],
    ['a/{id:int*}', '"{id:int*}"'],
    ['a/{rest*}/b', 'goes on after {rest*}'],
    ['{id}/b/{id}', 'names {id} twice'],
    ['a/\0', 'has a level'],
    [`a/${'x'.repeat(65_535)}`, 'too long'],
  ])('the malformed pattern %j is refused', (pattern, why) => {
    expect(() => new Topic(pattern)).toThrow(why)
  })

  it('types parameters from the pattern, constraint and star taken off', () => {
    expectTypeOf<TopicParams<'a/{id}/{n:int}/{rest*}'>>().toEqualTypeOf<{
      readonly id: string
      readonly n: string
      readonly rest: string
    }>()
    expectTypeOf<keyof TopicParams<'a/b'>>().toEqualTypeOf<never>()
    expectTypeOf<TopicParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
  })
})
