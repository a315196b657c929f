import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GuardedSender } from '../../../../services/channels/http/guarded-sender.ts'
import { outcomeOf, retryAfterOf } from '../../../../services/channels/http/http-outcome.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { freePort } from '../../../support/free-port.ts'
import { type HttpVendor, startHttpVendor } from '../../../support/vendors/http-vendor.ts'
import { waitFor } from '../../../support/wait-for.ts'

describe('GuardedSender', () => {
  let clock: FakeClock
  let vendor: HttpVendor
  let sender: GuardedSender
  const never = new AbortController().signal

  beforeEach(async () => {
    clock = new FakeClock()
    vendor = await startHttpVendor({ answer: () => ({ status: 200, body: 'taken' }) })
    sender = new GuardedSender({ clock, allow: ['127.0.0.1', 'slow.test'] })
  })
  afterEach(async () => {
    await sender.close()
    await vendor.stop()
  })

  const post = (signal = never, url = `${vendor.url}/hook?a=1`) =>
    sender.post({ url, body: '{"a":"ö"}', headers: { 'x-own': 'b' } }, signal)

  it('[S0-077 S4-048] posts JSON and hands out what was answered', async () => {
    vendor.behave({ status: 418, headers: { 'X-Word': 'tea' }, body: 'pot' })
    expect(await post()).toMatchObject({
      ...{ kind: 'answered', status: 418, body: 'pot', isComplete: true },
      headers: { 'x-word': 'tea' },
    })
    vendor.behave('normal')
    await post()
    expect(vendor.posts[0]).toMatchObject({
      ...{ method: 'POST', path: '/hook?a=1', body: '{"a":"ö"}' },
      headers: { 'x-own': 'b', 'content-type': 'application/json', 'content-length': '10' },
    })
  })

  it('reads at most 64 KiB of an answer', async () => {
    vendor.behave({ status: 200, body: 'x'.repeat(10_000_000) })
    const result = await post()
    expect(result).toMatchObject({ kind: 'answered', status: 200, isComplete: false })
    expect(result.kind === 'answered' && result.body.length).toBe(65_536)
  })

  it('tells that an answer broke off', async () => {
    vendor.behave('half')
    const result = await post()
    expect(result).toMatchObject({ kind: 'answered', status: 200, isComplete: false })
  })

  it('tells what never went out from what was lost', async () => {
    vendor.behave('reset')
    expect(await post()).toMatchObject({ kind: 'lost' })
    const closed = `http://127.0.0.1:${await freePort()}/`
    expect(await post(never, closed)).toMatchObject({ kind: 'unreachable' })
    expect(await post(never, 'https://name.invalid/')).toMatchObject({ kind: 'unreachable' })
  })

  it('gives up after 15 seconds, wherever it is', async () => {
    vendor.behave('hang')
    const lost = post()
    await waitFor(() => vendor.attempts === 1)
    clock.advance(14_999)
    clock.advance(1)
    expect(await lost).toEqual({ kind: 'lost', reason: 'no answer within 15 s' })

    const resolve = () => new Promise<never>(() => undefined)
    const asking = new GuardedSender({ clock, allow: ['slow.test'], resolve })
    const unsent = asking.post({ url: 'http://slow.test/', body: '' }, never)
    clock.advance(15_000)
    expect(await unsent).toMatchObject({ kind: 'unreachable' })
    await asking.close()
  })

  it('never sends what was given up while it waited for a connection', async () => {
    const { promise, resolve: answer } = Promise.withResolvers<[{ address: string; family: 4 }]>()
    const resolve = () => promise
    const asking = new GuardedSender({ clock, allow: ['slow.test'], resolve })
    const url = vendor.url.replace('127.0.0.1', 'slow.test')
    const unsent = asking.post({ url, body: '' }, never)
    clock.advance(15_000)
    expect(await unsent).toMatchObject({ kind: 'unreachable' })
    answer([{ address: '127.0.0.1', family: 4 }])
    // The next one goes out over the connection that the first one asked for.
    expect(await asking.post({ url, body: 'second' }, never)).toMatchObject({ kind: 'answered' })
    expect(vendor.posts.map(({ body }) => body)).toEqual(['second'])
    await asking.close()
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    vendor.behave('hang')
    const lost = post(stop.signal)
    await waitFor(() => vendor.attempts === 1)
    stop.abort()
    expect(await lost).toEqual({ kind: 'lost', reason: 'stopped' })
    expect(await post(stop.signal)).toMatchObject({ kind: 'unreachable' })
    expect(vendor.attempts).toBe(1)
  })

  it('takes no header that would be two', async () => {
    const headers = { 'x-gotify-key': 'a\r\nx-evil: b' }
    const result = await sender.post({ url: vendor.url, body: '', headers }, never)
    expect(result).toMatchObject({ kind: 'refused' })
    expect(vendor.attempts).toBe(0)
  })
})

describe('outcomeOf()', () => {
  const now = Date.UTC(2026, 0, 5, 12)
  const answered = (status: number, headers: Record<string, string> = {}) =>
    outcomeOf(
      { kind: 'answered', status, headers, body: '', isComplete: true },
      { now, lost: 'uncertain' },
    )

  it.each([
    [200, 'sent'],
    [204, 'sent'],
    [302, 'failed'],
    [400, 'failed'],
    [404, 'failed'],
    [408, 'retry'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [501, 'retry'],
    [503, 'retry'],
    [599, 'retry'],
  ])('takes %i for %s', (status, outcome) => {
    expect(answered(status)).toMatchObject({ status: outcome })
  })

  it('waits as long as it was asked to, and no longer than a day', () => {
    expect(answered(503, { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 })
    expect(answered(429, { 'retry-after': '99999999' })).toMatchObject({ retryAfterMs: 86_400_000 })
    expect(answered(500)).not.toHaveProperty('retryAfterMs')
  })

  it.each([
    ['120', 120_000],
    ['0.25', 250],
    ['Mon, 05 Jan 2026 12:01:30 GMT', 90_000],
    ['Mon, 05 Jan 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['', null],
  ])('reads Retry-After: %s', (value, expected) => {
    expect(retryAfterOf({ headers: { 'retry-after': value } }, now)).toBe(expected)
  })
})
