import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FcmAccount } from '../../../services/channels/fcm-account.ts'
import { serviceAccount } from '../../../services/channels/google-token.ts'
import { GuardedSender } from '../../../services/channels/http/guarded-sender.ts'
import { FcmPush } from '../../../services/channels/push-fcm.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { PushBench } from '../../support/push-bench.ts'
import { fcmAccount, fcmMessages, startFcm } from '../../support/vendors/fcm.ts'
import type { HttpVendor } from '../../support/vendors/http-vendor.ts'
import { waitFor } from '../../support/wait-for.ts'

describe('Firebase Cloud Messaging', () => {
  const account = fcmAccount()
  let vendor: HttpVendor
  let bench: PushBench

  beforeAll(async () => {
    vendor = await startFcm()
  })
  afterAll(() => vendor.stop())
  beforeEach(() => {
    vendor.clear()
    vendor.behave('normal')
    bench = benchFor(vendor.url)
  })
  afterEach(() => bench.stop())

  function benchFor(apiUrl: string): PushBench {
    const made = new PushBench()
    const { clock } = made
    const sender = new GuardedSender({ clock: systemClock })
    const readAccount = () => ({ ...serviceAccount(account), tokenUrl: `${apiUrl}/token` })
    const fcm = new FcmAccount({ readAccount, apiUrl, sender, clock })
    return made.use('fcm', new FcmPush({ account: fcm, clock }))
  }

  /** How many of the requests were messages. */
  const messages = () =>
    vendor.attempts - vendor.posts.filter(({ path }) => path === '/token').length

  it('gets a message for each device, with texts as data and the unread count', async () => {
    const delivery = await bench.toUser([
      { platform: 'android', token: 'phone-1' },
      { platform: 'ios', token: 'fcm:of-an-iphone' },
    ])
    expect(await delivery.attempt()).toBe('sent')
    const sent = fcmMessages(vendor)
    expect(sent.map(({ token }) => token).sort()).toEqual(['fcm:of-an-iphone', 'phone-1'])
    expect(sent[0]).toMatchObject({
      notification: { title: 'Disk full', body: 'It is.' },
      data: { rack: '7', where: 'cellar', notification_id: 'n1' },
      android: { collapse_key: 'n1', notification: { tag: 'n1', notification_count: 3 } },
      apns: { headers: { 'apns-collapse-id': 'n1' }, payload: { aps: { badge: 3 } } },
    })
    expect(delivery.job.history).toMatchObject([
      {
        ...{ provider: 'fcm', outcome: 'sent' },
        parts: [
          { outcome: 'sent', to: expect.stringMatching(/^(android|ios):…/) },
          { outcome: 'sent' },
        ],
      },
    ])
  })

  it('takes what holds for longer than it keeps anything', async () => {
    const delivery = bench.toTokens('android', ['phone-1'])
    const expires_at = bench.clock.now() / 1000 + 60 * 86_400
    delivery.job = { ...delivery.job, expires_at }
    expect(await delivery.attempt(), delivery.reasons[0]).toBe('sent')
    expect(fcmMessages(vendor)[0]!.android).toMatchObject({ ttl: '2419200s' })
  })

  it('is asked for all of 1 200 tokens', async () => {
    const tokens = Array.from({ length: 1200 }, (_, n) => `many-${n}`)
    expect(await bench.toTokens('android', tokens).attempt()).toBe('sent')
    expect(new Set(fcmMessages(vendor).map(({ token }) => token)).size).toBe(1200)
  })

  it('takes what is long, cut, and data that is large by its id', async () => {
    const delivery = await bench.toUser([{ platform: 'android', token: 'phone-1' }], {
      body: 'ß'.repeat(4000),
      data: { log: 'x'.repeat(5000), from: 'me' },
    })
    expect(await delivery.attempt()).toBe('sent')
    const [message] = fcmMessages(vendor)
    expect(message.data).toEqual({ notification_id: 'n1', truncated: 'true' })
    expect(message.notification.body).toMatch(/^ß+…$/)
  })

  it.each([
    ['gone', []],
    ['other', []],
    ['broken', []],
    ['busy', ['busy-1']],
    ['down', ['down-1']],
    ['ill', ['ill-1']],
  ])('a token of which it says %s leaves %j', async (kind, left) => {
    const delivery = await bench.toUser([{ platform: 'android', token: `${kind}-1` }])
    await delivery.attempt()
    const tokens = (await bench.directory.devices('ada')).map(({ token }) => token)
    expect(tokens).toEqual(left)
  })

  it('[G-18] the same message taken for another token shows that an odd one is dead', async () => {
    const alone = await bench.toUser([{ platform: 'android', token: 'odd-1' }])
    expect(await alone.attempt()).toBe('failed')
    expect(await bench.directory.devices('ada')).toHaveLength(1)
    const both = await bench.toUser([{ platform: 'android', token: 'well-1' }])
    expect(await both.attempt()).toBe('sent')
    expect(await bench.directory.devices('ada')).toEqual([{ platform: 'android', token: 'well-1' }])
  })

  it('is asked again for those alone that it could not serve', async () => {
    const delivery = bench.toTokens('android', ['well-1', 'busy-1', 'gone-1'])
    const before = bench.clock.now()
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job.pending).toEqual([{ platform: 'android', token: 'busy-1' }])
    expect(delivery.job.send_at * 1000).toBeGreaterThanOrEqual(before + 30_000)
    vendor.clear()
    vendor.behave({ status: 200, body: { name: 'projects/belfry-test/messages/9' } })
    expect(await delivery.attempt()).toBe('sent')
    expect(fcmMessages(vendor).map(({ token }) => token)).toEqual(['busy-1'])
  })

  describe('on a bad day', () => {
    const deliver = () => bench.toTokens('android', ['phone-1'])

    it('that answers 503 uses a try of ours for each of its own', async () => {
      await deliver().attempt()
      vendor.behave(({ path }) => (path === '/token' ? 'normal' : { status: 503 }))
      const before = messages()
      const delivery = deliver()
      while (delivery.waiting) await delivery.attempt()
      expect(delivery.job).toMatchObject({ status: 'failed', attempts: 3 })
      expect(messages() - before).toBe(3)
    })

    it('that is down for a minute gets it then', async () => {
      vendor.behave({ status: 503, headers: { 'retry-after': '60' } })
      const delivery = deliver()
      const before = bench.clock.now()
      expect(await delivery.attempt()).toBe('queued')
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(bench.clock.now()).toBeGreaterThan(before)
      expect(fcmMessages(vendor)).toHaveLength(1)
    })

    it('that hangs gets it again under the same name', async () => {
      await deliver().attempt()
      const asked = vendor.attempts
      vendor.behave('hang')
      const delivery = deliver()
      const trying = delivery.attempt()
      await waitFor(() => vendor.attempts > asked)
      bench.clock.advance(20_000)
      expect(await trying).toBe('queued')
      expect(delivery.job.attempts).toBe(1)
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(fcmMessages(vendor).at(-1).android.collapse_key).toBe(delivery.job.id)
    })

    it('that resets the connection gets it again', async () => {
      await deliver().attempt()
      vendor.behave('reset')
      const delivery = deliver()
      expect(await delivery.attempt()).toBe('queued')
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(delivery.job.attempts).toBe(2)
    })

    it('that cannot be reached uses no try up and keeps every token', async () => {
      const away = benchFor('http://127.0.0.1:1')
      const delivery = await away.toUser([{ platform: 'android', token: 'phone-1' }])
      for (let n = 0; n < 3; n++) expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job).toMatchObject({ attempts: 0 })
      expect(await away.directory.devices('ada')).toHaveLength(1)
      await away.stop()
    })

    it.each([
      ['does not know us', { status: 401, body: error(401, 'UNAUTHENTICATED') }],
      ['does not let us send', { status: 403, body: error(403, 'PERMISSION_DENIED') }],
    ])('that %s prunes nothing, and is left alone for a minute', async (_what, answer) => {
      vendor.behave(({ path }) => (path === '/token' ? 'normal' : answer))
      const delivery = await bench.toUser([{ platform: 'android', token: 'phone-1' }])
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.reasons[0]).toContain('bad_credentials')
      const asked = messages()
      await deliver().attempt()
      expect(messages()).toBe(asked)
      expect(await bench.directory.devices('ada')).toHaveLength(1)
      expect(delivery.job.attempts).toBe(0)
    })

    it('that has no key for Apple keeps waiting what is for Apple alone', async () => {
      const keyless = { platform: 'ios', token: 'keyless-1' } as const
      const delivery = await bench.toUser([keyless])
      for (let n = 0; n < 6; n++) {
        expect(await delivery.attempt()).toBe('queued')
        expect(await bench.toTokens('android', [`phone-${n}`]).attempt()).toBe('sent')
      }
      expect(delivery.reasons[0]).toContain('bad_credentials: third-party-auth-error')
      expect(delivery.job.attempts).toBe(0)
      expect(await bench.directory.devices('ada')).toHaveLength(1)
      for (let n = 0; n < 6; n++) await bench.toTokens('ios', [`keyless-${n}`]).attempt()
      expect(await bench.toTokens('android', ['phone-9']).attempt()).toBe('sent')
    })

    it('whose project is not there prunes nothing', async () => {
      vendor.behave(({ path }) =>
        path === '/token' ? 'normal' : { status: 404, body: error(404, 'NOT_FOUND') },
      )
      const delivery = await bench.toUser([{ platform: 'android', token: 'phone-1' }])
      await delivery.attempt()
      expect(await bench.directory.devices('ada')).toHaveLength(1)
    })
  })
})

function error(code: number, status: string) {
  return { error: { code, status, message: status } }
}
