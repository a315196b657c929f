import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { clientAddress, type TrustedProxies } from '../../../src/http/client-address.ts'

function from(peer: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage
}

describe('clientAddress()', () => {
  it.each<[TrustedProxies, string, string]>([
    [false, '10.0.0.1', 'the peer, whatever it says'],
    [true, '1.1.1.1', 'the farthest hop'],
    [1, '9.9.9.9', 'one proxy counts'],
    [2, '1.1.1.1', 'two proxies count'],
    [['10.0.0.0/8'], '9.9.9.9', 'the nearest that is no trusted proxy'],
    [['10.0.0.0/8', '9.9.9.9'], '1.1.1.1', 'both proxies are named'],
  ])('with TRUST_PROXY %j gives %s: %s', (trusted, expected) => {
    expect(clientAddress(from('10.0.0.1', '1.1.1.1, 9.9.9.9'), trusted)).toBe(expected)
  })

  it('is the peer where nothing was forwarded, and ignores words that are no address', () => {
    expect(clientAddress(from('10.0.0.1'), true)).toBe('10.0.0.1')
    expect(clientAddress(from('10.0.0.1', 'nonsense'), 1)).toBe('10.0.0.1')
  })
})
