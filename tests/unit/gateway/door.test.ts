import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readCredential } from '../../../src/gateway/credential.ts'
import { parseFrame, parseJson, refOf } from '../../../src/gateway/protocols/native-frames.ts'

describe('readCredential', () => {
  const read = (headers: Record<string, string>, query = '', pathUser: string | null = null) =>
    readCredential(
      { headers } as unknown as IncomingMessage,
      new URL(`http://x/ws?${query}`),
      pathUser,
    )

  it('finds a token wherever a client may put it', () => {
    expect(read({ authorization: 'Bearer t1' }).token).toBe('t1')
    expect(read({}, 'token=t2').token).toBe('t2')
    expect(read({ 'sec-websocket-protocol': 'belfry, t3' }).token).toBe('t3')
    expect(read({ 'sec-websocket-protocol': 'other, t3' }).token).toBeNull()
    expect(read({ 'sec-websocket-protocol': 'belfry' }).token).toBeNull()
    expect(read({}, 'ticket=once').ticket).toBe('once')
  })

  it('finds whom a client claims to be', () => {
    expect(read({}, 'user_id=ann').userId).toBe('ann')
    expect(read({ 'x-belfry-user': 'ben' }).userId).toBe('ben')
    expect(read({}, '', 'cleo').userId).toBe('cleo')
    expect(read({}).userId).toBeNull()
  })
})

describe('native messages', () => {
  it('are refused when they are nested too deep, whatever strings hold', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    expect(() => parseJson(nested(33))).toThrow(/nested/)
    expect(parseJson(nested(32))).toBeTypeOf('object')
    expect(parseJson(JSON.stringify({ text: '['.repeat(100), quoted: '\\"[[[[' }))).toBeTypeOf(
      'object',
    )
    expect(() => parseJson('nope')).toThrow(/JSON/)
  })

  it('need up_to or id to acknowledge, not both', () => {
    expect(parseFrame({ type: 'ack', up_to: 3 })).toEqual({ type: 'ack', up_to: 3 })
    expect(parseFrame({ type: 'ack', id: 'a' })).toEqual({ type: 'ack', id: 'a' })
    expect(() => parseFrame({ type: 'ack' })).toThrow()
    expect(() => parseFrame({ type: 'ack', up_to: 3, id: 'a' })).toThrow()
    expect(() => parseFrame({ type: 'ack', up_to: -1 })).toThrow()
  })

  it('keep their ref even when they are wrong', () => {
    expect(refOf({ type: 'nonsense', ref: 'r' })).toBe('r')
    expect(refOf({ ref: 7 })).toBe(7)
    for (const message of [null, 3, [], { ref: {} }, { ref: 'x'.repeat(201) }]) {
      expect(refOf(message)).toBeUndefined()
    }
  })
})
