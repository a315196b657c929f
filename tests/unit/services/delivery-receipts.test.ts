import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DeliveryJob,
  type DeliveryStatus,
  jobKey,
  makeJob,
} from '../../../services/deliveries/delivery-job.ts'
import { DeliveryReceipts, type Receipt } from '../../../services/deliveries/delivery-receipts.ts'
import { Keys, queueKeys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const keys = new Keys()
const key = jobKey(keys, 'sms', 'd1')
let clock: FakeClock
let store: SqliteStore
let receipts: DeliveryReceipts

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log })
  receipts = new DeliveryReceipts({ store, keys, clock })
})
afterEach(() => store.close())

async function put(status: DeliveryStatus): Promise<void> {
  const content = { phone: '+12025550123', message: 'Hi' }
  const job = makeJob({ id: 'd1', channel: 'sms', priority: 'normal', content, now: clock.now() })
  await store.commit({
    partition: 0,
    ops: [['set', key, JSON.stringify({ ...job, status, attempts: 1 }), 60_000]],
  })
}

async function job(): Promise<DeliveryJob> {
  return JSON.parse((await store.get(0, key)) ?? 'null')
}

const receipt = (status: Receipt['status']): Receipt => ({ status, provider: 'twilio', id: 'SM1' })

describe('a receipt', () => {
  it.each<[DeliveryStatus, Receipt['status'], boolean]>([
    ['sent', 'delivered', true],
    ['sent', 'failed', true],
    ['sent', 'read', true],
    ['sent', 'sent', false],
    ['delivered', 'read', true],
    ['delivered', 'sent', false],
    ['delivered', 'failed', false],
    ['uncertain', 'sent', true],
    ['uncertain', 'delivered', true],
    ['uncertain', 'failed', true],
    ['failed', 'delivered', false],
    ['failed', 'sent', false],
    ['read', 'delivered', false],
    ['canceled', 'delivered', false],
    ['skipped', 'delivered', false],
  ])('%s, then %s: %s', async (before, said, isTaken) => {
    await put(before)
    expect(await receipts.record('sms', 'd1', receipt(said))).toBe(isTaken ? 'recorded' : 'stale')
    expect((await job()).status).toBe(isTaken ? said : before)
  })

  it('is kept with its moment, name and reason; a failure is listed', async () => {
    await put('sent')
    await receipts.record('sms', 'd1', { ...receipt('failed'), reason: '30003: unreachable' })
    expect((await job()).history).toEqual([
      {
        at: new Date(clock.now()).toISOString(),
        ...{ provider: 'twilio', outcome: 'failed', id: 'SM1', reason: '30003: unreachable' },
      },
    ])
    expect(await store.list(0, queueKeys.failed(keys.queue('sms')), 0, -1)).toEqual(['d1'])
    const [line] = await store.list(0, keys.smsLog(), 0, 0)
    expect(JSON.parse(line ?? '')).toMatchObject({ id: 'd1', status: 'failed' })
  })

  it('that overtakes the worker waits for it', async () => {
    await put('queued')
    const recording = receipts.record('sms', 'd1', receipt('delivered'))
    for (let n = 0; n < 5; n++) {
      await new Promise(setImmediate)
      clock.advance(100)
    }
    await put('sent')
    for (let n = 0; n < 5; n++) {
      await new Promise(setImmediate)
      clock.advance(100)
    }
    expect(await recording).toBe('recorded')
    expect((await job()).status).toBe('delivered')
  })

  it('of a delivery that nobody settles is given back in the end', async () => {
    await put('queued')
    const recording = receipts.record('sms', 'd1', receipt('delivered'))
    for (let n = 0; n < 40; n++) {
      await new Promise(setImmediate)
      clock.advance(100)
    }
    expect(await recording).toBe('early')
  })

  it('of a queue that was full is another try, while there is one', async () => {
    await put('sent')
    const full = { ...receipt('failed'), reason: '30001: failed', mayTryAgain: true }
    expect(await receipts.record('sms', 'd1', full)).toBe('recorded')
    expect((await store.depth(0, keys.queue('sms'))).scheduled).toBe(1)
    expect(await job()).toMatchObject({ status: 'queued', attempts: 1 })
  })

  it('of a delivery that nobody knows is none', async () => {
    expect(await receipts.record('sms', 'other', receipt('sent'))).toBe('unknown')
  })

  it('is recorded once, however many come at once', async () => {
    await put('sent')
    const results = await Promise.all(
      Array.from({ length: 8 }, () => receipts.record('sms', 'd1', receipt('delivered'))),
    )
    expect(results.filter((result) => result === 'recorded')).toHaveLength(1)
    expect((await job()).history).toHaveLength(1)
  })
})
