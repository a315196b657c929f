import { expect, test } from 'vitest'
import { ArrivalOrder } from '../../../src/mqtt/embedded/arrival-order.ts'
import { Lane } from '../../../src/mqtt/embedded/lane.ts'

test('Lane runs no more than its limit, first come first served, also past failures', async () => {
  const lane = new Lane(3)
  const started: number[] = []
  let running = 0
  let most = 0
  const work = Array.from({ length: 20 }, (_, n) =>
    lane.run(async () => {
      started.push(n)
      running += 1
      most = Math.max(most, running)
      await Promise.resolve()
      running -= 1
      if (n % 4 === 0) throw new Error(`failed ${n}`)
      return n
    }),
  )
  const outcomes = await Promise.allSettled(work)
  expect(most).toBe(3)
  expect(started).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5)
})

test('ArrivalOrder lets everybody go on after those who came before, and nobody wait for nobody', async () => {
  const order = new ArrivalOrder()
  const first = order.enter()
  const second = order.enter()
  const third = order.enter()
  const passed: string[] = []
  expect(first.reached()).toBeNull()
  const waiting = third.reached()?.then(() => passed.push('third'))
  // The second leaves without having been reached: it failed.
  second.leave()
  await Promise.resolve()
  expect(passed).toEqual([])
  first.leave()
  first.leave()
  await waiting
  expect(passed).toEqual(['third'])
  third.leave()
  expect(order.enter().reached()).toBeNull()
})
