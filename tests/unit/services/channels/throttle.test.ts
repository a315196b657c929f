import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Merge,
  mergeEmail,
  mergeSms,
  mergeVoice,
  type PhoneContent,
} from '../../../../services/channels/bundle.ts'
import type { Provider, SendOutcome } from '../../../../services/channels/channel.ts'
import { DestinationLimits } from '../../../../services/channels/destination-limits.ts'
import type { EmailContent } from '../../../../services/channels/email-content.ts'
import { withReplyCode } from '../../../../services/channels/reply-code.ts'
import { Throttle } from '../../../../services/channels/throttle.ts'
import {
  type DeliveryJob,
  enqueueOp,
  makeJob,
} from '../../../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../../../services/deliveries/delivery-service.ts'
import { ReplyCodes } from '../../../../services/telephone/reply-codes.ts'
import { Keys, queueKeys } from '../../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts'
import { silentLog as log } from '../../../support/delivery.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const MINUTE_MS = 60_000
/** Within the first milliseconds of its room what waits comes back in the order of its rank. */
const ROOM_MS = MINUTE_MS + 10
const keys = new Keys()
const queue = keys.queue('sms')

let clock: FakeClock
let store: SqliteStore
let sent: DeliveryJob<PhoneContent>[]
let answer: SendOutcome
/** Whether alerts come with their codes. */
let coded: boolean
let service: DeliveryService

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log })
  sent = []
  answer = { status: 'sent', id: 'SM1' }
  const vendor: Provider<PhoneContent> = {
    name: 'vendor',
    async send(job) {
      sent.push(job)
      return answer
    },
  }
  coded = false
  const vendorWithCodes = withReplyCode(vendor, new ReplyCodes({ store, keys }))
  const provider: Provider<PhoneContent> = {
    name: 'vendor',
    send: (job, signal) => (coded ? vendorWithCodes : vendor).send(job, signal),
  }
  const throttle = new Throttle({
    ...{ channel: 'sms', provider, merge: mergeSms, clock, log },
    limits: new DestinationLimits({ store, keys }),
    addressOf: ({ phone }) => phone,
  })
  const providers = new Map([['sms', throttle as Provider]])
  service = new DeliveryService({ keys, clock, log, providers })
})
afterEach(() => store.close())

let made = 0
async function queueSms(message: string, fields: Partial<DeliveryJob<PhoneContent>> = {}) {
  const id = `sms-${String(++made).padStart(6, '0')}`
  const content = { phone: '+12025550123', message, ...fields }
  const now = clock.now()
  const job = makeJob({ id, channel: 'sms', priority: fields.priority ?? 'normal', content, now })
  await store.commit({ partition: 0, ops: [enqueueOp(keys, job, now)] })
  return id
}

/** Takes what is due and settles it, as a worker does. */
async function work(): Promise<number> {
  const leases = await store.take(0, queue, 64, 30_000)
  const { signal } = new AbortController()
  await Promise.all(
    leases.map(async (lease) => {
      const { ops } = await service.handle(lease, signal)
      const guards = [['lease', lease.queue, lease.jobId, lease.token]] as const
      await store.commit({ partition: 0, guards, ops })
    }),
  )
  return leases.length
}

async function stored(id: string): Promise<DeliveryJob<PhoneContent>> {
  return JSON.parse((await store.get(0, queueKeys.job(queue, id))) ?? 'null')
}

describe('[S0-074] more text messages to one number than it is to get', () => {
  it('wait, use no try up, and go out as one', async () => {
    const ids = [await queueSms('one')]
    await work()
    for (const text of ['two', 'three', 'four']) ids.push(await queueSms(text))
    await work()
    expect(sent.map(({ message }) => message)).toEqual(['one'])
    expect(await stored(ids[1]!)).toMatchObject({ status: 'queued', attempts: 0 })

    clock.advance(ROOM_MS)
    expect(await work()).toBe(3)
    expect(sent.map(({ message }) => message)).toEqual(['one', 'two\n\nthree\n\nfour'])
    expect(sent[1]?.bundle).toEqual(ids.slice(1))
    for (const id of ids.slice(1)) {
      expect(await stored(id)).toMatchObject({
        status: 'sent',
        attempts: 1,
        history: [
          { outcome: 'postponed' },
          { outcome: 'sent', id: 'SM1', parts: [{ outcome: 'bundled' }] },
        ],
      })
    }
  })

  it('that arrive together are one at once', async () => {
    for (const text of ['one', 'two']) await queueSms(text)
    await work()
    expect(sent.map(({ message }) => message)).toEqual(['one\n\ntwo'])
  })

  it('are all sent in the end, a hundred of them, no minute having more than one', async () => {
    const texts = Array.from({ length: 100 }, (_, n) => `${n}: ${'x'.repeat(60)}`)
    for (const text of texts) await queueSms(text)
    const perMinute: number[] = []
    for (let minute = 0; minute < 20 && (await work()) > 0; minute++) {
      for (let look = 0; look < 3; look++) await work()
      perMinute.push(sent.length)
      clock.advance(ROOM_MS)
    }
    expect(perMinute).toEqual(perMinute.map((_, minute) => minute + 1))
    expect(sent.flatMap(({ message }) => message.split('\n\n'))).toEqual(texts)
    expect(Math.max(...sent.map(({ message }) => message.length))).toBeLessThanOrEqual(1600)
    expect((await store.depth(0, queue)).scheduled).toBe(0)
  })

  it('do not hold up other numbers, nor alerts', async () => {
    await queueSms('one')
    await queueSms('other number', { phone: '+12025550199' })
    await queueSms('alert', { alert_id: 'a' })
    await work()
    expect(sent.map(({ message }) => message).sort()).toEqual(['alert', 'one', 'other number'])
  })

  it('about what became of an alert never delay the next alert, and come every three minutes', async () => {
    const update = { alert_id: 'a', alert_update: true }
    await queueSms('resolved', update)
    await queueSms('alert', { alert_id: 'b' })
    await work()
    expect(sent.map(({ message }) => message).sort()).toEqual(['alert', 'resolved'])
    await queueSms('acknowledged', update)
    clock.advance(2.9 * MINUTE_MS)
    await work()
    expect(sent).toHaveLength(2)
    clock.advance(0.2 * MINUTE_MS)
    await work()
    expect(sent.at(-1)?.message).toBe('acknowledged')
  })

  it('that are refused for now are each tried again by themselves', async () => {
    answer = { status: 'retry', reason: '503' }
    const ids = [await queueSms('one'), await queueSms('two')]
    await work()
    for (const id of ids) expect(await stored(id)).toMatchObject({ status: 'queued', attempts: 1 })
    answer = { status: 'sent' }
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(MINUTE_MS)
      await work()
    }
    for (const id of ids) expect((await stored(id)).status).toBe('sent')
  })
})

describe('alerts by text message', () => {
  it('are at most 5 in 15 minutes, 11 in an hour, 21 in three hours, however many there are', async () => {
    const sentAt: number[] = []
    for (let minute = 0; minute < 240; minute++) {
      await queueSms(`alert ${minute}`, { alert_id: `a${minute}` })
      const before = sent.length
      await work()
      if (sent.length > before) sentAt.push(minute)
      clock.advance(MINUTE_MS)
    }
    const most = (minutes: number) =>
      Math.max(...sentAt.map((at) => sentAt.filter((t) => t >= at && t < at + minutes).length))
    expect([most(1), most(15), most(60), most(180)]).toEqual([1, 5, 11, 21])
  })
})

it('[S1-057] each alert of a bundle is answered by its own code, news of one by none', async () => {
  coded = true
  for (const alert of ['fire', 'flood']) await queueSms(alert, { alert_id: alert })
  await queueSms('Resolved: fire', { alert_id: 'fire', alert_update: true })
  await work()
  expect(sent.map(({ message }) => message)).toEqual([
    'fire\n\nReply 1a to acknowledge, 1c to close.\n\nflood\n\nReply 2a to acknowledge, 2c to close.',
    'Resolved: fire',
  ])
})

describe('of what waits for one address', () => {
  /** Everything has waited for the same moment. */
  const room = async () => {
    clock.advance(ROOM_MS)
    await work()
  }
  const texts = () => sent.map(({ message }) => message)

  it('[semantics 4.9] the first alert of a source jumps the queue, in the same message and before it', async () => {
    const flood = { alert_id: 'f', alert_source: 'flood' }
    await queueSms('flood 0', flood)
    await work()
    for (let n = 1; n <= 90; n++) await queueSms(`flood ${n}: ${'x'.repeat(140)}`, flood)
    await queueSms('first of pump', { alert_id: 'p', alert_source: 'pump' })
    await work()
    await work()
    expect(texts()).toEqual(['flood 0'])
    await room()
    expect(texts()[1]).toMatch(/^first of pump\n\nflood 1: /)
    await queueSms('second of pump', { alert_id: 'q', alert_source: 'pump' })
    await room()
    expect(texts()[2]).toMatch(/^flood \d+: /)
  })

  it('[semantics 4.9] a source that was quiet for an hour is a first one again', async () => {
    const tell = (text: string, source: string) =>
      queueSms(text, { alert_id: text, alert_source: source })
    await tell('pump', 'pump')
    await work()
    await tell('gate', 'gate')
    await tell('pump again', 'pump')
    await room()
    expect(texts().at(-1)).toBe('gate\n\npump again')
    clock.advance(59 * MINUTE_MS)
    await tell('gate again', 'gate')
    await tell('pump, an hour later', 'pump')
    await work()
    expect(texts().at(-1)).toBe('pump, an hour later\n\ngate again')
  })

  it('[semantics 4.9] codes come before tests, alerts, news of alerts and the rest; five in five seconds altogether', async () => {
    const about = { type: 'test' }
    const each: [string, object][] = [
      ['other', {}],
      ['news', { alert_id: 'a', alert_update: true }],
      ['alert', { alert_id: 'a' }],
      ['test', { about }],
      ['code', { priority: 'critical' }],
    ]
    for (const [text, fields] of each) await queueSms(text, fields)
    await work()
    expect(texts()).toEqual(['code', 'test', 'alert', 'news'])
    for (let n = 0; n < 3; n++) await queueSms(`code ${n}`, { priority: 'critical' })
    await work()
    expect(texts().slice(4)).toEqual(['code 0\n\ncode 1\n\ncode 2'])
    clock.advance(5_010)
    await work()
    expect(texts().at(-1)).toBe('other')
  })

  it('an alert has its place though everything else is pressing', async () => {
    for (let n = 0; n < 4; n++) {
      await queueSms(`n${n}`, { phone: '+12025550123', about: { type: 'test' } } as object)
      await work()
    }
    await queueSms('alert', { alert_id: 'a' })
    await work()
    expect(texts()).toContain('alert')
  })
})

describe('merging', () => {
  const job = <Content extends object>(content: Content) =>
    makeJob({ id: `j${++made}`, channel: 'x', priority: 'normal', content, now: 0 })
  const merge = <Content extends object>(by: Merge<Content>, contents: readonly Content[]) =>
    by(contents.map(job) as unknown as Parameters<Merge<Content>>[0])

  it('reads calls out one after the other', () => {
    const phone = '+12025550123'
    const { job: call, taken } = merge(mergeVoice, [
      { phone, message: 'Disk full' },
      { phone, message: 'Pump off' },
    ])
    expect([call.message, taken]).toEqual(['Disk full. Next message: Pump off', 2])
  })

  it('puts plain mails under each other and leaves rich ones alone', () => {
    const mail: EmailContent = { to: 'ada@example.com', subject: 'A', body: 'a' }
    const { job: one, taken } = merge(mergeEmail, [
      mail,
      { ...mail, subject: 'B', body: 'b' },
      { ...mail, html_body: '<b>c</b>' },
      mail,
    ])
    expect(taken).toBe(2)
    expect(one).toMatchObject({ subject: '2 notifications: A', body: 'A\n\na\n\n—\n\nB\n\nb' })
    expect(merge(mergeEmail, [{ ...mail, cc: ['b@example.com'] }, mail]).taken).toBe(1)
  })

  it('takes one message however long it is', () => {
    const long = { phone: '+12025550123', message: 'x'.repeat(5000) }
    expect(merge(mergeSms, [long, long])).toMatchObject({ taken: 1, job: long })
  })
})
