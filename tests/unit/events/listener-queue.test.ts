import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

interface Moved {
  readonly id: number
  readonly n: number
}

let bench: FlowBench
const calls: number[] = []
beforeEach(() => {
  bench = new FlowBench()
  calls.length = 0
})
afterEach(() => bench.store.close())

const work = () => bench.workOn('moves', bench.services.listenerWork.handle)
const move = (n: number, id = 1) => bench.services.dispatcher.dispatch('stock.moved', { id, n })
const listen = (options: object) =>
  bench.services.dispatcher.listen<Moved>('stock.moved', ({ n }) => void calls.push(n), {
    ...{ queue: 'moves', name: 'recount' },
    ...options,
  })
const uniqueId = ({ id }: Moved) => String(id)

describe('[S4.11] uniqueId', () => {
  it('no other call is queued while one waits; another id is another thing', async () => {
    listen({ uniqueId, delay: 60 })
    await move(1)
    await move(2)
    await move(3, 2)
    bench.clock.advance(MINUTE_MS)
    await work()
    expect(calls.toSorted()).toEqual([1, 3])
  })

  it('is free again once the call is made', async () => {
    listen({ uniqueId })
    await move(1)
    await work()
    await move(2)
    await work()
    expect(calls).toEqual([1, 2])
  })

  it('is taken for uniqueFor at most', async () => {
    listen({ uniqueId, uniqueFor: 60, delay: 3600 })
    await move(1)
    bench.clock.advance(59_000)
    await move(2)
    bench.clock.advance(2000)
    await move(3)
    bench.clock.advance(2 * HOUR_MS)
    await work()
    expect(calls).toEqual([3])
  })
})

describe('[S4.11] debounceFor', () => {
  it('makes the last call alone, once nothing has followed for so long', async () => {
    listen({ debounceFor: 30 })
    for (let n = 1; n <= 5; n++) {
      await move(n)
      bench.clock.advance(20_000)
      await work()
    }
    expect(calls).toEqual([])
    bench.clock.advance(10_000)
    await work()
    expect(calls).toEqual([5])
  })

  it('is made once more for what comes while the calls before it are still running', async () => {
    listen({ debounceFor: 30 })
    await move(1)
    bench.clock.advance(MINUTE_MS)
    expect(await bench.jobs('moves')).toHaveLength(1)
    await move(2)
    bench.clock.advance(MINUTE_MS)
    expect(await bench.jobs('moves')).toHaveLength(1)
    await move(3)
    await move(4)
    bench.clock.advance(MINUTE_MS)
    await work()
    expect(calls).toEqual([4])
  })

  it('waits for maxWait at most, however many follow', async () => {
    listen({ debounceFor: 30, maxWait: 60 })
    for (let n = 1; n <= 7; n++) {
      await move(n)
      await work()
      bench.clock.advance(20_000)
    }
    await work()
    bench.clock.advance(MINUTE_MS)
    await work()
    expect(calls).toEqual([4, 7])
  })
})
