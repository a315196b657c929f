import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Acceptance, type Identity, ownWork } from '../../../services/acceptance.ts'
import { Cancellation } from '../../../services/cancellation.ts'
import type { EmailMessage } from '../../../services/direct-message.ts'
import { DirectService } from '../../../services/direct-service.ts'
import { Bell } from '../../../src/queue/bell.ts'
import { Keys, queueKeys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const keys = new Keys()
const MAIL: EmailMessage = {
  to: ['ada@example.com'],
  subject: 'Disk full',
  body: 'It is.',
  htmlBody: null,
  cc: [],
  bcc: [],
  replyTo: null,
  attachments: [],
  actions: [],
  priority: 'high',
  sendAt: null,
  expiresAt: null,
}
const TIMING = { priority: 'normal', sendAt: null, expiresAt: null } as const
const HOUR_MS = 3_600_000

let clock: FakeClock
let store: SqliteStore
let rung: string[]

function serviceOver(on: Store): DirectService {
  const bus = { publish: async (channel: string) => void rung.push(channel) }
  const bell = new Bell({ bus: bus as never, log })
  const acceptance = new Acceptance({ store: on, keys, bell })
  return new DirectService({ store: on, keys, clock, acceptance })
}

function keyed(idempotencyKey: string, digest = 'd'): Identity {
  return { ...ownWork, target: 'notifications/email/send', idempotencyKey, digest }
}

function packet(id: string, dup = false): Identity {
  return { ...ownWork, packet: { id, dup, marker: null } }
}

async function jobs(channel = 'email') {
  const leases = await store.take(0, keys.queue(channel), 2000, 30_000)
  return leases.map(({ job }) => JSON.parse(job))
}

async function logLines(key: string) {
  return (await store.list(0, key, 0, -1)).map((line) => JSON.parse(line))
}

function batchOf(size: number, body = 'It is.') {
  const emails = Array.from({ length: size }, (_, index) => ({
    index,
    email: { ...MAIL, to: [`u${index}@example.com`], body },
  }))
  return { emails, rejected: [] }
}

/** The same store, which goes away after so many writes. */
function storeThatLeavesAfter(writes: number): Store {
  let left = writes
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name === 'commit' && left-- <= 0) {
        return () => Promise.reject(new Unavailable('the store is away'))
      }
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log })
  rung = []
})
afterEach(() => store.close())

describe('queueEmail()', () => {
  it('stores the job of the seed and a line of the log in one write', async () => {
    const reply = await serviceOver(store).queueEmail(MAIL, ownWork)
    expect(reply.status).toBe('email_queued')
    expect(reply.email_id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
    const now = clock.now()
    expect(await logLines(keys.mailLog())).toEqual([
      expect.objectContaining({
        email_id: reply.email_id,
        to_email: 'ada@example.com',
        subject: 'Disk full',
        status: 'queued',
        created_at: new Date(now).toISOString(),
      }),
    ])
    expect(await jobs()).toEqual([
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
    expect(rung).toEqual(['queue:email_queue'])
  })

  it('waits until send_at', async () => {
    const sendAt = clock.now() + HOUR_MS
    const { email_id } = await serviceOver(store).queueEmail({ ...MAIL, sendAt }, ownWork)
    const scheduled = queueKeys.scheduled(keys.queue('email'))
    expect(await store.rangeByScore(0, scheduled, 0, Infinity, 10)).toEqual([
      { member: email_id, score: sendAt },
    ])
    expect(await jobs()).toEqual([])
    clock.advance(HOUR_MS)
    expect(await jobs()).toEqual([expect.objectContaining({ id: email_id })])
  })

  it('sends at once what should have been sent before', async () => {
    await serviceOver(store).queueEmail({ ...MAIL, sendAt: clock.now() - 1 }, ownWork)
    expect(await jobs()).toHaveLength(1)
  })

  it('refuses what is too far ahead, and what expires before it is sent', async () => {
    const service = serviceOver(store)
    const far = clock.now() + 366 * 24 * HOUR_MS
    await expect(service.queueEmail({ ...MAIL, sendAt: far }, ownWork)).rejects.toMatchObject({
      code: 'invalid_payload',
    })
    const late = { ...MAIL, sendAt: clock.now() + HOUR_MS, expiresAt: clock.now() + 1000 }
    await expect(service.queueEmail(late, ownWork)).rejects.toMatchObject({ code: 'expired' })
  })

  it('has one effect for one idempotency key, and refuses another body for it', async () => {
    const service = serviceOver(store)
    const first = await service.queueEmail(MAIL, keyed('k'))
    expect(await service.queueEmail(MAIL, keyed('k'))).toEqual(first)
    expect(await jobs()).toHaveLength(1)
    await expect(service.queueEmail(MAIL, keyed('k', 'other'))).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
  })

  it('has one effect for one QoS 2 packet, and two for two packets of one id', async () => {
    const service = serviceOver(store)
    const first = await service.queueEmail(MAIL, packet('c:1'))
    expect(await service.queueEmail(MAIL, packet('c:1', true))).toEqual(first)
    expect(await service.queueEmail(MAIL, packet('c:1'))).not.toEqual(first)
    expect(await jobs()).toHaveLength(2)
  })
})

describe('queueEmails()', () => {
  it('queues every mail and says which were refused', async () => {
    const rejected = [{ index: 1, errors: [{ path: 'to', message: 'no' }] }]
    const batch = { ...batchOf(3), rejected }
    expect(await serviceOver(store).queueEmails(batch, ownWork)).toEqual({
      status: 'batch_queued',
      queued: 3,
      rejected,
    })
    expect((await jobs()).map(({ to }) => to)).toEqual([0, 1, 2].map((n) => `u${n}@example.com`))
    expect(await logLines(keys.mailLog())).toHaveLength(3)
  })

  it.each([10, 1000])('has one effect for one key, with %d mails', async (size) => {
    const service = serviceOver(store)
    const batch = batchOf(size)
    const first = await service.queueEmails(batch, keyed('k'))
    expect(await service.queueEmails(batch, keyed('k'))).toEqual(first)
    await expect(service.queueEmails(batchOf(size + 300), keyed('k', 'x'))).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
    const queued = await jobs()
    expect(new Set(queued.map(({ to }) => to)).size).toBe(size)
    expect(queued).toHaveLength(size)
  })

  const key = () => keyed('k')
  const own = () => ({ ...ownWork, id: '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b' })
  it.each([
    ['an id of its own', 0, own, own],
    ['an id of its own', 3, own, own],
    ['an idempotency key', 0, key, key],
    ['an idempotency key', 1, key, key],
    ['an idempotency key', 3, key, key],
    ['a QoS 2 packet', 0, () => packet('c:1'), () => packet('c:1', true)],
    ['a QoS 2 packet', 1, () => packet('c:1'), () => packet('c:1', true)],
    ['a QoS 2 packet', 4, () => packet('c:1'), () => packet('c:1', true)],
  ])('with %s makes only what is missing after a crash behind write %d', async (_, n, a, b) => {
    const batch = batchOf(900)
    const crashing = serviceOver(storeThatLeavesAfter(n))
    await expect(crashing.queueEmails(batch, a())).rejects.toThrow('the store is away')
    expect(await serviceOver(store).queueEmails(batch, b())).toMatchObject({ queued: 900 })
    const queued = await jobs()
    expect(queued).toHaveLength(900)
    expect(new Set(queued.map(({ to }) => to)).size).toBe(900)
  })

  it('queues the same batch twice when it was published twice', async () => {
    const service = serviceOver(store)
    await service.queueEmails(batchOf(600), packet('c:1'))
    await service.queueEmails(batchOf(600), packet('c:1'))
    expect(await jobs()).toHaveLength(1200)
  })
})

describe('queueSms()', () => {
  it('writes the number in its one form', async () => {
    const sms = { ...TIMING, phone: '+1 (202) 555-0123', message: 'Disk full' }
    const reply = await serviceOver(store).queueSms(sms, ownWork)
    expect(reply).toMatchObject({ status: 'sms_queued' })
    expect(await jobs('sms')).toEqual([
      expect.objectContaining({ id: reply.sms_id, phone: '+12025550123', message: 'Disk full' }),
    ])
    expect(await logLines(keys.smsLog())).toEqual([
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
      serviceOver(store).queueSms({ ...TIMING, phone, message: 'x' }, ownWork),
    ).rejects.toMatchObject({ code: 'invalid_payload', issues: [{ path: 'phone' }] })
  })
})

describe('queuePush()', () => {
  const push = { ...TIMING, platform: 'ios', title: 'Disk', body: 'full', data: { a: 1 } } as const

  it('names tokens, or leaves a user’s devices to the sender', async () => {
    const service = serviceOver(store)
    const direct = await service.queuePush({ ...push, tokens: ['t1', 't2'], userId: null }, ownWork)
    expect(direct).toMatchObject({ status: 'push_queued', platform: 'ios' })
    await service.queuePush({ ...push, tokens: [], userId: '42' }, ownWork)
    const [first, second] = await jobs('push')
    expect(first).toMatchObject({ id: direct.push_id, tokens: ['t1', 't2'], user_id: null })
    expect(second).toMatchObject({ user_id: '42', platform: 'ios', title: 'Disk', data: { a: 1 } })
    expect(second).not.toHaveProperty('tokens')
  })
})

describe('sendTo()', () => {
  const message = {
    message: 'The disk is full.',
    title: 'Disk',
    type: 'info',
    priority: 'normal',
    data: {},
    actions: [{ type: 'view', label: 'Look', url: 'https://example.org' }],
    channels: null,
    sendAt: null,
    expiresAt: null,
    collapseKey: null,
  } as const

  it('makes a mail of a notification to an address, and an SMS of one to a number', async () => {
    const service = serviceOver(store)
    const mail = await service.sendTo({ email: 'ada@example.com' }, message as never, ownWork)
    const sms = await service.sendTo({ phone: '+12025550123' }, message as never, ownWork)
    expect([mail.channels, sms.channels]).toEqual([['email'], ['sms']])
    expect(await jobs()).toMatchObject([
      { id: mail.notification_id, subject: 'Disk', body: 'The disk is full.', actions: [{}] },
    ])
    expect(await jobs('sms')).toMatchObject([{ id: sms.notification_id, phone: '+12025550123' }])
  })
})

describe('Cancellation', () => {
  const later = () => ({ ...TIMING, sendAt: clock.now() + HOUR_MS })
  const cancel = (id: string) => new Cancellation({ store, keys, clock }).cancel(id)

  it('takes back scheduled mails, text messages and pushes, for good', async () => {
    const service = serviceOver(store)
    const ids = [
      (await service.queueEmail({ ...MAIL, ...later() }, ownWork)).email_id,
      (await service.queueSms({ ...later(), phone: '+12025550123', message: 'x' }, ownWork)).sms_id,
      (
        await service.queuePush(
          {
            ...later(),
            platform: 'web',
            tokens: ['t'],
            userId: null,
            title: 'x',
            body: '',
            data: {},
          },
          ownWork,
        )
      ).push_id,
    ]
    for (const id of ids) {
      expect(await cancel(id)).toEqual({ status: 'canceled' })
      expect(await cancel(id)).toEqual({ status: 'canceled' })
    }
    clock.advance(2 * HOUR_MS)
    for (const channel of ['email', 'sms', 'push']) expect(await jobs(channel)).toEqual([])
    const record = await store.get(0, queueKeys.job(keys.queue('email'), ids[0]!))
    expect(JSON.parse(record!)).toMatchObject({ status: 'canceled' })
    expect((await logLines(keys.mailLog())).map(({ status }) => status)).toEqual([
      'canceled',
      'queued',
    ])
  })

  it('says so when a worker has it already', async () => {
    const { email_id } = await serviceOver(store).queueEmail(MAIL, ownWork)
    await jobs()
    expect(await cancel(email_id)).toEqual({ status: 'already_sent' })
  })

  it('says so when a notification is in an inbox already', async () => {
    const id = '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b'
    await store.commit({ partition: 0, ops: [['set', keys.notification(id), '{}', 0]] })
    expect(await cancel(id)).toEqual({ status: 'already_sent' })
  })

  it('does not know what was never there', async () => {
    await expect(cancel('nothing')).rejects.toMatchObject({ code: 'not_found' })
  })
})
