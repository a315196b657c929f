import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import type { Store } from '../../../src/store/store.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { DirectBench, keyed, PLAIN_MAIL, packet } from '../../support/direct-bench.ts'

let bench: DirectBench
beforeEach(() => {
  bench = new DirectBench()
})
afterEach(() => bench.store.close())

/** The same store, which goes away after so many writes. */
function storeThatLeavesAfter(writes: number): Store {
  let left = writes
  return new Proxy(bench.store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name === 'commit' && left-- <= 0) {
        return () => Promise.reject(new Unavailable('the store is away'))
      }
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

function batchOf(size: number) {
  const emails = Array.from({ length: size }, (_, index) => ({
    index,
    email: { ...PLAIN_MAIL, to: [`u${index}@example.com`] },
  }))
  return { emails, rejected: [] }
}

describe('queueEmails()', () => {
  it('queues every mail and says which were refused', async () => {
    const rejected = [{ index: 1, errors: [{ path: 'to', message: 'no' }] }]
    const batch = { ...batchOf(3), rejected }
    expect(await bench.service.queueEmails(batch, ownWork)).toEqual({
      status: 'batch_queued',
      queued: 3,
      rejected,
    })
    expect((await bench.jobs()).map(({ to }) => to)).toEqual(
      [0, 1, 2].map((n) => `u${n}@example.com`),
    )
    expect(await bench.log(bench.keys.mailLog())).toHaveLength(3)
  })

  it.each([10, 1000])('has one effect for one key, with %d mails', async (size) => {
    const service = bench.service
    const batch = batchOf(size)
    const first = await service.queueEmails(batch, keyed('k'))
    expect(await service.queueEmails(batch, keyed('k'))).toEqual(first)
    await expect(service.queueEmails(batchOf(size + 300), keyed('k', 'x'))).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
    const queued = await bench.jobs()
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
    const crashing = bench.serviceOver(storeThatLeavesAfter(n))
    await expect(crashing.queueEmails(batch, a())).rejects.toThrow('the store is away')
    expect(await bench.service.queueEmails(batch, b())).toMatchObject({ queued: 900 })
    const queued = await bench.jobs()
    expect(queued).toHaveLength(900)
    expect(new Set(queued.map(({ to }) => to)).size).toBe(900)
  })

  it('queues the same batch twice when it was published twice', async () => {
    const service = bench.service
    await service.queueEmails(batchOf(600), packet('c:1'))
    await service.queueEmails(batchOf(600), packet('c:1'))
    expect(await bench.jobs()).toHaveLength(1200)
  })
})
