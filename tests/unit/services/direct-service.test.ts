import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { queueKeys } from '../../../src/store/keys.ts'
import { AT_ONCE, DirectBench, keyed, PLAIN_MAIL, packet } from '../../support/direct-bench.ts'

const HOUR_MS = 3_600_000

let bench: DirectBench
beforeEach(() => {
  bench = new DirectBench()
})
afterEach(() => bench.store.close())

describe('queueEmail()', () => {
  it('stores the job of the seed and a line of the log in one write', async () => {
    const reply = await bench.service.queueEmail(PLAIN_MAIL, ownWork)
    expect(reply.status).toBe('email_queued')
    expect(reply.email_id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
    const now = bench.clock.now()
    expect(await bench.log(bench.keys.mailLog())).toEqual([
      expect.objectContaining({
        email_id: reply.email_id,
        to_email: 'ada@example.com',
        subject: 'Disk full',
        status: 'queued',
        created_at: new Date(now).toISOString(),
      }),
    ])
    expect(await bench.jobs()).toEqual([
      expect.objectContaining({
        id: reply.email_id,
        to: 'ada@example.com',
        subject: 'Disk full',
        body: 'It is.',
        html_body: null,
        priority: 'high',
        send_at: now / 1000,
        created_at: now / 1000,
        status: 'queued',
        attempts: 0,
        max_attempts: 3,
      }),
    ])
    await new Promise(setImmediate)
    expect(bench.rung).toEqual(['queue:email_queue'])
  })

  it('waits until send_at', async () => {
    const sendAt = bench.clock.now() + HOUR_MS
    const { email_id } = await bench.service.queueEmail({ ...PLAIN_MAIL, sendAt }, ownWork)
    const scheduled = queueKeys.scheduled(bench.keys.queue('email'))
    expect(await bench.store.rangeByScore(0, scheduled, 0, Infinity, 10)).toEqual([
      { member: email_id, score: sendAt },
    ])
    expect(await bench.jobs()).toEqual([])
    bench.clock.advance(HOUR_MS)
    expect(await bench.jobs()).toEqual([expect.objectContaining({ id: email_id })])
  })

  it('sends at once what should have been sent before', async () => {
    await bench.service.queueEmail({ ...PLAIN_MAIL, sendAt: bench.clock.now() - 1 }, ownWork)
    expect(await bench.jobs()).toHaveLength(1)
  })

  it('refuses what is too far ahead, and what expires before it is sent', async () => {
    const service = bench.service
    const far = bench.clock.now() + 366 * 24 * HOUR_MS
    await expect(service.queueEmail({ ...PLAIN_MAIL, sendAt: far }, ownWork)).rejects.toMatchObject(
      {
        code: 'invalid_payload',
      },
    )
    const late = {
      ...PLAIN_MAIL,
      sendAt: bench.clock.now() + HOUR_MS,
      expiresAt: bench.clock.now() + 1000,
    }
    await expect(service.queueEmail(late, ownWork)).rejects.toMatchObject({ code: 'expired' })
  })

  it('has one effect for one idempotency key, and refuses another body for it', async () => {
    const service = bench.service
    const first = await service.queueEmail(PLAIN_MAIL, keyed('k'))
    expect(await service.queueEmail(PLAIN_MAIL, keyed('k'))).toEqual(first)
    expect(await bench.jobs()).toHaveLength(1)
    await expect(service.queueEmail(PLAIN_MAIL, keyed('k', 'other'))).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
  })

  it('has one effect for one QoS 2 packet, and two for two packets of one id', async () => {
    const service = bench.service
    const first = await service.queueEmail(PLAIN_MAIL, packet('c:1'))
    expect(await service.queueEmail(PLAIN_MAIL, packet('c:1', true))).toEqual(first)
    expect(await service.queueEmail(PLAIN_MAIL, packet('c:1'))).not.toEqual(first)
    expect(await bench.jobs()).toHaveLength(2)
  })
})

describe('queueSms()', () => {
  it('writes the number in its one form', async () => {
    const sms = { ...AT_ONCE, phone: '+1 (202) 555-0123', message: 'Disk full' }
    const reply = await bench.service.queueSms(sms, ownWork)
    expect(reply).toMatchObject({ status: 'sms_queued' })
    expect(await bench.jobs('sms')).toEqual([
      expect.objectContaining({ id: reply.sms_id, phone: '+12025550123', message: 'Disk full' }),
    ])
    expect(await bench.log(bench.keys.smsLog())).toEqual([
      expect.objectContaining({ phone: '+12025550123', message: 'Disk full', status: 'queued' }),
    ])
  })

  it.each([
    '',
    '12345',
    '0664 1234567',
    '+123',
    '+999123456',
    '+1202555012399999999',
    'call +12025550123',
  ])('refuses %j', async (phone) => {
    await expect(
      bench.service.queueSms({ ...AT_ONCE, phone, message: 'x' }, ownWork),
    ).rejects.toMatchObject({ code: 'invalid_payload', issues: [{ path: 'phone' }] })
  })
})

describe('queuePush()', () => {
  const push = { ...AT_ONCE, platform: 'ios', title: 'Disk', body: 'full', data: { a: 1 } } as const

  it('names tokens, or leaves a user’s devices to the sender', async () => {
    const service = bench.service
    const direct = await service.queuePush({ ...push, tokens: ['t1', 't2'], userId: null }, ownWork)
    expect(direct).toMatchObject({ status: 'push_queued', platform: 'ios' })
    await service.queuePush({ ...push, tokens: [], userId: '42' }, ownWork)
    const [first, second] = await bench.jobs('push')
    expect(first).toMatchObject({ id: direct.push_id, tokens: ['t1', 't2'], user_id: null })
    expect(second).toMatchObject({ user_id: '42', platform: 'ios', title: 'Disk', data: { a: 1 } })
    expect(second).not.toHaveProperty('tokens')
  })
})

describe('sendTo()', () => {
  const message = messageOf({
    message: 'The disk is full.',
    title: 'Disk',
    actions: [{ type: 'view', label: 'Look', url: 'https://example.org' }],
    shortText: 'Disk full.',
  })

  it('makes a mail of a notification to an address, and an SMS of one to a number', async () => {
    const service = bench.service
    const mail = await service.sendTo({ email: 'ada@example.com' }, message, ownWork)
    const sms = await service.sendTo({ phone: '+12025550123' }, message, ownWork)
    expect([mail.channels, sms.channels]).toEqual([['email'], ['sms']])
    expect(await bench.jobs()).toMatchObject([
      { id: mail.notification_id, subject: 'Disk', body: 'The disk is full.', actions: [{}] },
    ])
    expect(await bench.jobs('sms')).toMatchObject([
      { id: sms.notification_id, phone: '+12025550123', message: 'Disk full.' },
    ])
  })
})
