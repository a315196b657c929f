import { createECDH } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import webPush from 'web-push'
import { GuardedSender } from '../../../services/channels/http/guarded-sender.ts'
import { WebPush } from '../../../services/channels/web-push.ts'
import { type Clock, systemClock } from '../../../src/support/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PushBench } from '../../support/push-bench.ts'
import {
  decrypt,
  startWebPushService,
  vapidClaims,
  type WebPushService,
} from '../../support/vendors/web-push-service.ts'
import { waitFor } from '../../support/wait-for.ts'

const ANSWER_MS = 10_000

const SUBJECT = 'mailto:ops@example.com'
const bytes = (text: string) => Buffer.from(text, 'base64url')

it('the browser of these tests reads the example of RFC 8291 §5', () => {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'))
  const body = bytes(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
  const auth = bytes('BTBZMqHH6r4Tts7J_aSIgg')
  expect(decrypt(body, { ecdh, auth })).toBe('When I grow up, I want to be a watermelon')
})

describe('push services of browsers', () => {
  const keys = webPush.generateVAPIDKeys()
  let vendor: WebPushService
  let bench: PushBench
  let sender: GuardedSender

  beforeAll(async () => {
    vendor = await startWebPushService()
  })
  afterAll(() => vendor.stop())
  beforeEach(() => {
    vendor.clear()
    vendor.behave('normal')
    sender = senderFor(systemClock)
    bench = benchFor(sender)
  })
  afterEach(async () => {
    await bench.stop()
    await sender.close()
  })

  function senderFor(clock: Clock): GuardedSender {
    return new GuardedSender({ clock, allow: ['127.0.0.1'], timeoutMs: ANSWER_MS })
  }

  function benchFor(by: GuardedSender): PushBench {
    const made = new PushBench()
    const vapid = { subject: SUBJECT, ...keys }
    return made.use('webpush', new WebPush({ vapid, sender: by, clock: made.clock }))
  }

  const browser = (name?: string) => ({ platform: 'web', token: vendor.subscribe(name) }) as const

  it('get what the browser alone can read, signed as ours', async () => {
    const actions = [{ type: 'ack', label: 'Acknowledge' }]
    const delivery = await bench.toUser([browser()], { actions, collapse_key: 'disk' })
    expect(await delivery.attempt()).toBe('sent')
    const [{ headers, payload }] = vendor.notes as [WebPushService['notes'][0]]
    expect(payload).toEqual({
      ...{ title: 'Disk full', body: 'It is.', tag: 'disk', badge: 3, actions },
      data: { rack: '7', where: 'cellar', notification_id: 'n1' },
    })
    expect(headers).toMatchObject({
      urgency: 'normal',
      topic: expect.stringMatching(/^[\w-]{32}$/),
    })
    expect(await vapidClaims(headers.authorization ?? '')).toMatchObject({
      ...{ aud: vendor.url, sub: SUBJECT, key: keys.publicKey },
    })
    expect(delivery.job.history).toMatchObject([{ provider: 'webpush', outcome: 'sent' }])
  })

  it('get long actions left out rather than more than they take', async () => {
    const actions = [1, 2, 3].map((n) => ({
      ...{ type: 'view', label: 'Look' },
      url: `https://example.com/${String(n).repeat(1500)}`,
    }))
    const delivery = await bench.toUser([browser()], { actions })
    expect(await delivery.attempt()).toBe('sent')
    expect(vendor.notes[0]!.payload).toMatchObject({
      actions: [],
      data: { notification_id: 'n1', truncated: 'true' },
    })
  })

  it('forget nobody for what is wrong with our own signature', async () => {
    const made = new PushBench()
    const vapid = { ...keys, subject: 'https://%zz' }
    made.use('webpush', new WebPush({ vapid, sender, clock: made.clock }))
    const delivery = await made.toUser([browser()])
    expect(await delivery.attempt()).toBe('failed')
    expect(await made.directory.devices('ada')).toHaveLength(1)
    await made.stop()
  })

  it.each(['gone', 'left'])('forget a browser that is %s (410, 404)', async (how) => {
    const device = browser(how)
    if (how === 'left') vendor.behave({ status: 404 })
    const delivery = await bench.toUser([device])
    expect(await delivery.attempt()).toBe('failed')
    expect(await bench.directory.devices('ada')).toEqual([])
  })

  it('forget what is no subscription', async () => {
    const keys = { p256dh: 'AAAA', auth: 'BBBB' }
    const broken = JSON.stringify({ endpoint: `${vendor.url}/push/x`, keys })
    const delivery = await bench.toUser([{ platform: 'web', token: broken }])
    expect(await delivery.attempt()).toBe('failed')
    expect(await bench.directory.devices('ada')).toEqual([])
    expect(vendor.attempts).toBe(0)
  })

  it('are not asked where the address leads inside', async () => {
    const strict = new GuardedSender({ clock: systemClock })
    const guarded = benchFor(strict)
    const delivery = await guarded.toUser([browser()])
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons[0]).toContain('refused by the URL guard')
    expect(vendor.attempts).toBe(0)
    await guarded.stop()
    await strict.close()
  })

  describe('on a bad day', () => {
    it('that name a time are left alone until then', async () => {
      vendor.behave({ status: 429, headers: { 'retry-after': '120' } })
      const delivery = await bench.toUser([browser()])
      const before = bench.clock.now()
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job.send_at * 1000).toBeGreaterThanOrEqual(before + 120_000)
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(await bench.directory.devices('ada')).toHaveLength(1)
    })

    it('that answer 503 for good use three tries', async () => {
      vendor.behave({ status: 503 })
      const delivery = await bench.toUser([browser()])
      while (delivery.waiting) await delivery.attempt()
      expect(delivery.job).toMatchObject({ status: 'failed', attempts: 3 })
      expect(vendor.attempts).toBe(3)
    })

    it.each(['hang', 'reset'] as const)('that do not answer (%s) get it again', async (how) => {
      const clock = new FakeClock()
      const patient = benchFor(senderFor(clock))
      const delivery = await patient.toUser([browser()])
      vendor.behave(how)
      const tried = delivery.attempt()
      await waitFor(() => vendor.attempts === 1)
      clock.advance(ANSWER_MS)
      expect(await tried).toBe('queued')
      vendor.behave('normal')
      while (delivery.waiting) await delivery.attempt()
      expect([delivery.job.status, vendor.notes.length]).toEqual(['sent', 1])
      await patient.stop()
    })

    it('that refuse our signature use no try up and forget nobody', async () => {
      vendor.behave({ status: 401 })
      const delivery = await bench.toUser([browser()])
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job.attempts).toBe(0)
      expect(delivery.reasons[0]).toContain('bad_credentials')
      expect(await bench.directory.devices('ada')).toHaveLength(1)
    })

    it('that refuse one message keep the browser', async () => {
      vendor.behave({ status: 413, body: 'too large' })
      const delivery = await bench.toUser([browser()])
      expect(await delivery.attempt()).toBe('failed')
      expect(await bench.directory.devices('ada')).toHaveLength(1)
    })
  })

  it('without a service of their own leave what they would have got in the outbox', async () => {
    const device = browser()
    const delivery = await bench.toUser([device, { platform: 'android', token: 'phone-1' }])
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job.history).toMatchObject([
      { parts: expect.arrayContaining([expect.objectContaining({ provider: 'outbox' })]) },
    ])
    const { data } = await bench.outbox.list({ limit: 5 })
    expect(data).toMatchObject([{ channel: 'push', to: 'phone-1', subject: 'Disk full' }])
    expect(vendor.notes).toHaveLength(1)
  })
})
