import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webhookTarget } from '../../../../services/channels/webhook.ts'
import { isWebhookSecret, webhookHeaders } from '../../../../services/channels/webhook-signature.ts'
import { WebhookSecrets } from '../../../../services/deliveries/webhook-secrets.ts'
import { emptyProfile } from '../../../../services/directory/user-record.ts'
import { Keys } from '../../../../src/store/keys.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts'
import { silentLog as log } from '../../../support/delivery.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { PostBench } from '../../../support/post-bench.ts'
import { type HttpVendor, startHttpVendor } from '../../../support/vendors/http-vendor.ts'

const OLD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const NEW = 'whsec_YmVsZnJ5LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk='

describe('a webhook’s signature', () => {
  it('is the one that the specification shows', () => {
    const headers = webhookHeaders({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: 1_614_265_330_999,
      body: '{"test": 2432232314}',
      secrets: [OLD],
    })
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('is made with every secret while one replaces another', () => {
    const body = '{"a":"ö"}'
    const headers = webhookHeaders({ id: 'a', at: Date.now(), body, secrets: [NEW, OLD] })
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    for (const secret of [OLD, NEW])
      expect(new Webhook(secret).verify(body, headers)).toEqual({ a: 'ö' })
    const stranger = new Webhook('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
    expect(() => stranger.verify(body, headers)).toThrow('No matching signature')
    expect(() => new Webhook(NEW).verify('{"a":"o"}', headers)).toThrow('No matching signature')
  })

  it.each([OLD, NEW])('takes %s for a secret', (text) => {
    expect(isWebhookSecret(text)).toBe(true)
  })
  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', OLD.slice(6), 'whsec_not base64 at all, but long'])(
    'does not take %j for one',
    (text) => expect(isWebhookSecret(text)).toBe(false),
  )
})

describe('a webhook', () => {
  let bench: PostBench
  let receiver: HttpVendor
  let secrets: readonly string[]

  beforeEach(async () => {
    secrets = [NEW]
    receiver = await startHttpVendor({ answer: () => ({ status: 204 }) })
    const target = webhookTarget(() => Promise.resolve(secrets))
    bench = new PostBench({ channel: 'webhook', targets: { http: target } })
  })
  afterEach(async () => {
    await bench.close()
    await receiver.stop()
  })

  it('keeps its id and its words over every try, signed anew at each', async () => {
    const seen: { id: string; at: number; body: string }[] = []
    receiver.behave(({ headers, body }) => {
      const {
        'webhook-id': id = '',
        'webhook-timestamp': at,
        'webhook-signature': signature,
      } = headers
      const signed = `${id}.${at}.${body}`
      const key = Buffer.from(NEW.slice(6), 'base64')
      expect(signature).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
      seen.push({ id, at: Number(at), body })
      return seen.length < 4 ? { status: 500 } : 'normal'
    })
    const delivery = bench.deliver({ url: receiver.url })
    while (delivery.waiting) await delivery.attempt()
    expect(delivery.job).toMatchObject({ status: 'sent', attempts: 4 })
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([delivery.job.id]))
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1)
    expect(seen[3]!.at - seen[2]!.at).toBeGreaterThanOrEqual(1800)
  })

  it('carries the notification', async () => {
    await bench.deliver({ url: receiver.url, data: { pump: 7 } }).attempt()
    expect(receiver.posts[0]?.json).toMatchObject({
      type: 'notification.created',
      timestamp: new Date(bench.clock.now()).toISOString(),
      data: { id: expect.any(String), user_id: '42', title: 'Disk full', data: { pump: 7 } },
    })
  })

  it('is not sent unsigned', async () => {
    secrets = ['secret']
    const delivery = bench.deliver({ url: receiver.url })
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons[0]).toContain('webhook_secret')
    expect(receiver.attempts).toBe(0)
  })
})

describe('WebhookSecrets', () => {
  const store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })
  const secretsWith = (configured: readonly string[], own?: unknown) =>
    new WebhookSecrets({
      store,
      keys: new Keys(),
      configured,
      directory: {
        recipient: (id) =>
          Promise.resolve({
            user: { ...emptyProfile(id), data: own === undefined ? {} : { webhook_secret: own } },
          } as never),
      },
    })

  it('prefers a user’s own, and knows several', async () => {
    expect(await secretsWith([NEW], OLD).of('42')).toEqual([OLD])
    expect(await secretsWith([NEW], [OLD, NEW]).of('42')).toEqual([OLD, NEW])
    expect(await secretsWith([NEW]).of('42')).toEqual([NEW])
    expect(await secretsWith([NEW], OLD).of(null)).toEqual([NEW])
  })

  it('makes one where none is configured, once for all processes', async () => {
    const [first, second] = await Promise.all([secretsWith([]).of('1'), secretsWith([]).of('2')])
    expect(first).toEqual(second)
    expect(isWebhookSecret(first[0]!)).toBe(true)
    expect(await secretsWith([]).shared()).toEqual(first)
  })
})
