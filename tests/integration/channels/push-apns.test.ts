import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApnsSession } from '../../../services/channels/apns-session.ts'
import { ApnsPush } from '../../../services/channels/push-apns.ts'
import { type Clock, systemClock } from '../../../src/support/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PushBench } from '../../support/push-bench.ts'
import { APNS, type Apns, apnsKey, apnsToken, startApns } from '../../support/vendors/apns.ts'
import { waitFor } from '../../support/wait-for.ts'

const ANSWER_MS = 10_000

describe('the Apple Push Notification service', () => {
  const { pem, publicKey } = apnsKey()
  let vendor: Apns
  let bench: PushBench

  beforeAll(async () => {
    vendor = await startApns({ publicKey })
  })
  afterAll(() => vendor.stop())
  beforeEach(() => {
    vendor.clear()
    vendor.behave('normal')
    bench = benchFor({})
  })
  afterEach(() => bench.stop())

  function benchFor({ url = vendor.url, key = pem, clock = systemClock as Clock }): PushBench {
    const made = new PushBench()
    const session = new ApnsSession({ url, clock, answerWithinMs: ANSWER_MS })
    return made.use('apns', new ApnsPush({ session, ...APNS, key, clock: made.clock }))
  }

  const phone = (end?: string) => ({ platform: 'ios', token: apnsToken(end) }) as const

  it('gets it signed, with its topic, badge and what it collapses with', async () => {
    const delivery = await bench.toUser([phone()], { collapse_key: 'disk' })
    expect(await delivery.attempt()).toBe('sent')
    const [{ token, headers, payload }] = vendor.posts as [Apns['posts'][0]]
    expect(token).toBe(apnsToken())
    expect(headers).toMatchObject({
      'apns-topic': APNS.bundleId,
      'apns-push-type': 'alert',
      'apns-priority': '5',
      'apns-collapse-id': 'disk',
    })
    expect(payload).toEqual({
      aps: {
        alert: { title: 'Disk full', body: 'It is.' },
        ...{ sound: 'default', badge: 3, 'thread-id': 'disk' },
      },
      ...{ rack: '7', where: 'cellar', notification_id: 'n1' },
    })
    expect(delivery.job.history).toMatchObject([
      { provider: 'apns', outcome: 'sent', id: headers['apns-id'] },
    ])
  })

  it.each([
    ['longer than 64 bytes', 'disk/'.repeat(20)],
    ['of other letters', '会議'.repeat(20)],
  ])('collapses what has the same key %s, and nothing else', async (_, key) => {
    for (const collapse_key of [key, key, `${key}2`]) {
      const delivery = await bench.toUser([phone()], { collapse_key })
      expect(await delivery.attempt()).toBe('sent')
    }
    const [first, again, other] = vendor.posts.map(({ headers }) => headers['apns-collapse-id'])
    expect([again === first, other === first]).toEqual([true, false])
  })

  it('[S0-077] is asked over one connection, however many there are, and over a new one after GOAWAY', async () => {
    const tokens = Array.from({ length: 200 }, (_, n) => apnsToken(String(1000 + n)))
    expect(await bench.toTokens('ios', tokens).attempt()).toBe('sent')
    expect([vendor.posts.length, vendor.connections]).toEqual([200, 1])
    vendor.goAway()
    await waitFor(async () => {
      expect(await bench.toTokens('ios', [apnsToken()]).attempt()).toBe('sent')
      return vendor.connections === 2
    })
  })

  it('sees the same signature for 50 minutes, then a new one', async () => {
    const signatures = new Set<unknown>()
    for (const minutes of [0, 30, 30]) {
      bench.clock.advance(minutes * 60_000)
      await bench.toTokens('ios', [apnsToken()]).attempt()
      signatures.add(vendor.posts.at(-1)?.headers.authorization)
    }
    expect(signatures.size).toBe(2)
  })

  it.each([
    ['0410', 'failed', 0],
    ['0400', 'failed', 0],
    ['0401', 'failed', 1],
    ['0429', 'queued', 1],
    ['0500', 'queued', 1],
    ['0503', 'queued', 1],
  ])('a token that ends with %s is %s, and %i is kept', async (end, status, kept) => {
    const delivery = await bench.toUser([phone(end)])
    expect(await delivery.attempt()).toBe(status)
    expect(await bench.directory.devices('ada')).toHaveLength(kept)
    expect(vendor.attempts).toBe(1)
  })

  it('is asked again for those alone that it could not serve', async () => {
    const delivery = await bench.toUser([phone(), phone('0410'), phone('0503')])
    expect(await delivery.attempt()).toBe('queued')
    while (delivery.waiting) await delivery.attempt()
    // One of them took it: whoever waits for it has it.
    expect(delivery.job).toMatchObject({ status: 'sent', attempts: 3 })
    expect(delivery.job.history.at(-1)?.parts).toMatchObject([{ outcome: 'retry' }])
    expect(vendor.posts).toHaveLength(1)
    expect(vendor.attempts).toBe(5)
    const left = (await bench.directory.devices('ada')).map(({ token }) => token.slice(-4))
    expect(left.sort()).toEqual(['0200', '0503'])
  })

  describe('on a bad day', () => {
    it('that names a time is left alone until then', async () => {
      vendor.behave({
        status: 429,
        headers: { 'retry-after': '90' },
        body: { reason: 'TooManyRequests' },
      })
      const delivery = bench.toTokens('ios', [apnsToken()])
      const before = bench.clock.now()
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job.send_at * 1000).toBeGreaterThanOrEqual(before + 90_000)
    })

    it.each(['hang', 'reset'] as const)('that does not answer (%s) gets it again', async (how) => {
      const clock = new FakeClock()
      const patient = benchFor({ clock })
      vendor.behave(how)
      const delivery = patient.toTokens('ios', [apnsToken('0201')])
      const tried = delivery.attempt()
      await waitFor(() => vendor.attempts === 1)
      clock.advance(ANSWER_MS)
      expect(await tried).toBe('queued')
      expect(delivery.job.history).toMatchObject([{ outcome: 'retry' }])
      vendor.behave('normal')
      while (delivery.waiting) await delivery.attempt()
      expect(delivery.job.status).toBe('sent')
      await patient.stop()
      expect(vendor.posts.filter(({ token }) => token === apnsToken('0201'))).toHaveLength(1)
    })

    it('that has fallen silent is asked over another connection', async () => {
      const clock = new FakeClock()
      const patient = benchFor({ clock })
      expect(await patient.toTokens('ios', [apnsToken()]).attempt()).toBe('sent')
      vendor.behave('hang')
      const tried = patient.toTokens('ios', [apnsToken()]).attempt()
      await waitFor(() => vendor.attempts === 2)
      clock.advance(ANSWER_MS)
      expect(await tried).toBe('queued')
      vendor.behave('normal')
      expect(await patient.toTokens('ios', [apnsToken()]).attempt()).toBe('sent')
      expect(vendor.connections).toBe(2)
      await patient.stop()
    })

    it('that does not know our app uses no try up', async () => {
      const made = new PushBench()
      const session = new ApnsSession({ url: vendor.url, clock: systemClock })
      const app = { ...APNS, bundleId: 'com.example.other' }
      made.use('apns', new ApnsPush({ session, ...app, key: pem, clock: made.clock }))
      const delivery = made.toTokens('ios', [apnsToken()])
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.reasons[0]).toContain('bad_credentials: answered 400: BadTopic')
      expect(delivery.job.attempts).toBe(0)
      await made.stop()
    })

    it('that cannot be asked with our key uses no try up, until there is another', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
      const keyless = benchFor({ key })
      const delivery = keyless.toTokens('ios', [apnsToken()])
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.reasons[0]).toContain('bad_credentials: APNS_KEY_FILE')
      expect([delivery.job.attempts, vendor.attempts]).toEqual([0, 0])
      await keyless.stop()
    })

    it('that took a note does not get it again where the store cannot forget a dead token', async () => {
      const delivery = await bench.toUser([phone(), phone('0410')])
      const removing = vi.spyOn(bench.directory, 'removeDevice')
      removing.mockRejectedValueOnce(new Error('the store is away'))
      expect(await delivery.attempt()).toBe('sent')
      expect(vendor.posts).toHaveLength(1)
    })

    it('that cannot be reached uses no try up', async () => {
      const away = benchFor({ url: 'http://127.0.0.1:1' })
      const delivery = away.toTokens('ios', [apnsToken()])
      for (let n = 0; n < 3; n++) expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job.attempts).toBe(0)
      await away.stop()
    })

    it('that does not know our key is left alone for a minute and prunes nothing', async () => {
      const stranger = benchFor({ key: apnsKey().pem })
      const delivery = await stranger.toUser([phone()])
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.reasons[0]).toContain('bad_credentials: answered 403: InvalidProviderToken')
      await stranger.toTokens('ios', [apnsToken()]).attempt()
      expect(vendor.attempts).toBe(1)
      expect(await stranger.directory.devices('ada')).toHaveLength(1)
      expect(delivery.job.attempts).toBe(0)
      await stranger.stop()
    })
  })
})
