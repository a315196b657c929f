import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidJson, InvalidPayload } from '../../../src/support/errors.ts'
import { MAX_JSON_DEPTH, parseJson } from '../../../src/support/parse-json.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('parseJson()', () => {
  it('reads what JSON.parse reads, up to the depth limit', () => {
    const json = fc.json({ maxDepth: 6 })
    fc.assert(
      fc.property(json, (text) => {
        expect(parseJson(text)).toEqual(withoutProto(JSON.parse(text)))
      }),
    )
  })

  it('takes 32 levels and refuses 33, whatever stands in strings', () => {
    const tricky = '"\\\\\\"[[[{{{"'
    expect(depthOf(parseJson(nested(MAX_JSON_DEPTH)))).toBe(MAX_JSON_DEPTH)
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(InvalidPayload)
    expect(parseJson(`{"a":${tricky},"b":"${'['.repeat(100)}"}`)).toMatchObject({
      b: '['.repeat(100),
    })
    const deep = `[${tricky},${nested(MAX_JSON_DEPTH)}]`
    expect(() => parseJson(deep)).toThrow(InvalidPayload)
  })

  it.each([
    '['.repeat(10_000),
    '{"a":'.repeat(10_000),
    `"${'['.repeat(50)}`,
    `{"a":"\\${'['.repeat(50)}`,
  ])('refuses a bomb of brackets without overflowing the stack (%#)', (bomb) => {
    expect(() => parseJson(bomb)).toThrow(/deep|not valid JSON/)
  })

  it.each(['', '{', 'nope', '{"a":1}}', "{'a':1}"])('refuses %j as invalid JSON', (text) => {
    expect(() => parseJson(text)).toThrow(InvalidJson)
  })

  it('quotes nothing of the payload in its error', () => {
    expect(() => parseJson('{"token":"secret-canary" nope')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary') }),
    )
  })

  it.each([
    '{"__proto__":{"admin":true},"a":1}',
    '{"\\u005f_proto__":{"admin":true},"a":1}',
    '{"a":1,"list":[{"__proto__":{"admin":true}}]}',
  ])('leaves out a prototype, however it is spelled (%j)', (text) => {
    const value = parseJson(text) as Record<string, unknown>
    const copy = Object.assign({}, value, ...((value.list as object[] | undefined) ?? []))
    expect(copy.admin).toBeUndefined()
    expect(value.a).toBe(1)
    expect(JSON.stringify(value)).not.toContain('admin')
  })
})

function withoutProto(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, each) => (key === '__proto__' ? undefined : each))
}
