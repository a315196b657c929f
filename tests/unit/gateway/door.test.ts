import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readCredential } from '../../../src/gateway/credential.ts'
import { isOriginAllowed } from '../../../src/gateway/origin.ts'
import { parseFrame, parseJson, refOf } from '../../../src/gateway/protocols/native-frames.ts'

describe('isOriginAllowed', () => {
  it('lets in clients without an origin, and pages of the places named', () => {
    expect(isOriginAllowed([], undefined, 'x')).toBe(true)
    expect(isOriginAllowed(['https://app.example'], 'https://app.example', 'x')).toBe(true)
    expect(isOriginAllowed(['https://app.example'], 'https://app.example.evil', 'x')).toBe(false)
    expect(isOriginAllowed(['https://app.example'], 'http://app.example', 'x')).toBe(false)
    expect(isOriginAllowed(['*'], 'https://any.example', 'x')).toBe(true)
    expect(isOriginAllowed(['https://app.example'], 'null', 'x')).toBe(false)
  })

  it('knows this machine, and its own host', () => {
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:80']) {
      expect(isOriginAllowed('loopback', origin, 'x')).toBe(true)
    }
    for (const origin of ['http://localhost.evil.example', 'http://127.0.0.1.evil', 'http://x']) {
      expect(isOriginAllowed('loopback', origin, 'x')).toBe(false)
    }
    expect(isOriginAllowed('same', 'http://a.example:8080', 'a.example:8080')).toBe(true)
    expect(isOriginAllowed('same', 'http://a.example:8081', 'a.example:8080')).toBe(false)
  })
})

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
