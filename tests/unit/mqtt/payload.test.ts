import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePayload, MAX_PAYLOAD_BYTES } from '../../../src/mqtt/payload.ts'
import { isDeeperThan } from '../../../src/support/parse-json.ts'

const decode = (payload: string | Buffer, text = false) =>
  decodePayload(Buffer.from(payload as string), { text })

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('decodePayload()', () => {
  it.each([
    ['[]', 'invalid_payload'],
    ['"text"', 'invalid_payload'],
    ['null', 'invalid_payload'],
    ['12', 'invalid_payload'],
    ['', 'invalid_json'],
    ['{"a":}', 'invalid_json'],
    ['{"a":1}x', 'invalid_json'],
    ['{"a":1', 'invalid_json'],
    [`{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'invalid_payload'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_payload'],
    [Buffer.alloc(MAX_PAYLOAD_BYTES + 1, ' '), 'too_large'],
  ])('%j is refused as %s', (payload, code) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ code }))
  })

  it('takes 32 levels and 256 KiB', () => {
    expect(decode(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`)).toHaveProperty('a')
    const long = 'x'.repeat(MAX_PAYLOAD_BYTES - 8)
    expect(decode(`{"a":"${long}"}`)).toEqual({ a: long })
  })

  it('takes plain text as the message where the route allows it', () => {
    expect(decode('disk full', true)).toEqual({ message: 'disk full' })
    expect(decode('"quoted"', true)).toEqual({ message: '"quoted"' })
    expect(decode(' {"message":"json"}', true)).toEqual({ message: 'json' })
    expect(decode('', true)).toEqual({})
    expect(() => decode('[1]', true)).toThrow('must be a JSON object')
    expect(() => decode('{broken', true)).toThrow('not valid JSON')
  })

  it('a long run of brackets is refused before it is parsed', () => {
    expect(() => decode('['.repeat(200_000))).toThrow('levels deep')
    expect(() => decode('{"a":'.repeat(40_000))).toThrow('levels deep')
  })

  it('no field can name the prototype', () => {
    expect(Object.keys(decode('{"__proto__":{"admin":true},"a":1}'))).toEqual(['a'])
    expect(Object.keys(decode('{"b":{"\\u005f_proto__":1}}').b as object)).toEqual([])
  })

  it('the depth is that of the parsed value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (json, limit) => {
        expect(isDeeperThan(json, limit)).toBe(depthOf(JSON.parse(json)) > limit)
      }),
      { numRuns: 2_000 },
    )
  })

  it('brackets and quotes within strings do not count', () => {
    const tricky = fc.string({
      unit: fc.constantFrom('{', '[', '"', '\\', '}', 'x'),
      maxLength: 60,
    })
    fc.assert(
      fc.property(tricky, (text) => {
        expect(isDeeperThan(JSON.stringify({ [text]: text, b: [text] }), 2)).toBe(false)
      }),
    )
  })
})
