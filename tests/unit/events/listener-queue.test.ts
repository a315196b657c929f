import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  EventDispatcher,
  EventListener,
  type ListenerMiddleware,
  Release,
} from '../../../src/index.ts'
import { silentLog as log } from '../../support/delivery.ts'
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

describe('[S4.11] maxExceptions, retryUntil and middleware', () => {
  const failures: string[] = []
  const fails = ({ n }: Moved) => {
    calls.push(n)
    throw new Error('no')
  }
  const queued = { queue: 'moves', name: 'recount', backoff: 1 } as const
  const listenTo = (run: (event: Moved) => unknown, options: object) =>
    bench.services.dispatcher
      .listen<Moved>('stock.moved', run, { ...queued, ...options })
      .catch((_event, error) => failures.push(error.message))
  beforeEach(() => {
    failures.length = 0
  })
  const seconds = async (count: number) => {
    for (let n = 0; n < count; n++) {
      bench.clock.leap(1000)
      await work()
    }
  }

  it('it may throw so often, however many tries there are', async () => {
    listenTo(fails, { tries: 9, maxExceptions: 2 })
    await move(1)
    await work()
    await seconds(10)
    expect(calls).toEqual([1, 1])
    expect(failures).toEqual(['no'])
  })

  it('it is tried until a moment, however often', async () => {
    const end = bench.clock.now() + 5000
    listenTo(fails, { tries: 1, retryUntil: () => new Date(end) })
    await move(1)
    await work()
    await seconds(10)
    expect(calls).toHaveLength(6)
    expect(failures).toEqual(['no'])
  })

  it('steps see the call, may put it back for a time, and may keep it; that is no failure', async () => {
    const seen: unknown[] = []
    const busy: ListenerMiddleware<Moved> = async (context, next) => {
      seen.push(context)
      if (seen.length < 4) throw new Release(2)
      await next()
    }
    const onlyOdd: ListenerMiddleware<Moved> = async ({ event }, next) => {
      if (event.n % 2 === 1) await next()
    }
    const options = { tries: 9, maxExceptions: 1, middleware: [busy, onlyOdd] }
    listenTo(({ n }) => calls.push(n), options)
    await move(1)
    await work()
    await seconds(1)
    expect(seen).toHaveLength(1)
    await seconds(6)
    expect(calls).toEqual([1])
    expect(seen[0]).toEqual({ event: { id: 1, n: 1 }, name: 'stock.moved', listener: 'recount' })
    await move(2)
    await seconds(3)
    expect(calls).toEqual([1])
    expect(failures).toEqual([])
  })

  it('putting it back uses up tries; a class says the same as options do', async () => {
    class Busy extends EventListener<Moved> {
      override shouldQueue = true
      override queueName = 'moves'
      override tries = 3
      override maxExceptions = 1
      override middleware() {
        return [() => Promise.reject(new Release(1))]
      }
      handle() {}
      override failed(_event: Moved, error: Error) {
        failures.push(error.message)
      }
    }
    bench.services.dispatcher.listen<Moved>('stock.moved', Busy)
    await move(1)
    await work()
    await seconds(5)
    expect(failures).toEqual(['put back for 1 s'])
  })

  it('where nothing is queued the steps are there too', async () => {
    const steps: string[] = []
    const events = new EventDispatcher({ clock: bench.clock, log, jobs: null })
    const step: ListenerMiddleware<Moved> = async ({ listener }, next) => {
      steps.push(listener)
      await next()
    }
    events.listen<Moved>('stock.moved', ({ n }) => calls.push(n), {
      ...{ queue: 'moves', name: 'recount', middleware: [step] },
    })
    await events.dispatch('stock.moved', { id: 1, n: 5 })
    expect([steps, calls]).toEqual([['recount'], [5]])
  })
})
