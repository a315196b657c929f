import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Slot, Slots } from '../../../src/mqtt/slots.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { silent } from './context.ts'

const TIMES = { leaseMs: 10_000, keepEveryMs: 3_000, graceMs: 10_000 }

describe('Slots', () => {
  let dir: string
  let clock: FakeClock
  let store: Store
  let isAway: boolean
  const held: Slot[] = []

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'belfry-slots-'))
    clock = new FakeClock()
    store = openSqliteStore({ path: join(dir, 'store.db'), clock, log: silent })
    isAway = false
  })
  afterEach(async () => {
    isAway = false
    for (const slot of held.splice(0)) await slot.release({ vacate: false })
    await store.close()
    rmSync(dir, { recursive: true, force: true })
  })

  /** The slots of one process; `isAway` takes the store from it. */
  function slotsOf(holder: string): Slots {
    const flaky = new Proxy(store, {
      get(target, name: keyof Store) {
        if (isAway && name !== 'close') return () => Promise.reject(new Unavailable('away'))
        const value = target[name]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return new Slots({ store: flaky, holder, times: TIMES, clock, log: silent })
  }

  async function claim(holder: string): Promise<Slot> {
    const slot = await slotsOf(holder).claim(() => false)
    if (slot === null) throw new Error('no slot')
    held.push(slot)
    return slot
  }

  /** Lets time go by in small steps, so that what a timer starts is done before the next. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500)
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    }
  }

  it('keeps a slot for as long as its holder lives', async () => {
    const slot = await claim('a')
    await pass(60_000)
    expect(slot.isLost).toBe(false)
    expect(await slotsOf('b').claimAbandoned()).toBeNull()
    expect((await claim('b')).number).not.toBe(slot.number)
  })

  it('waits with a claim until the store is there', async () => {
    isAway = true
    const claiming = claim('a')
    await pass(2_000)
    isAway = false
    await pass(1_000)
    expect((await claiming).takenOver).toBe(false)
  })

  it('a vacated slot is taken over by the next, or abandoned after its grace', async () => {
    const first = await claim('a')
    await first.release({ vacate: true })
    const second = await claim('b')
    expect([second.number, second.takenOver]).toEqual([first.number, true])
    await second.release({ vacate: true })
    await pass(9_500)
    expect(await slotsOf('c').claimAbandoned()).toBeNull()
    await pass(1_000)
    const abandoned = await slotsOf('c').claimAbandoned()
    expect(abandoned?.number).toBe(first.number)
    if (abandoned) held.push(abandoned)
  })

  it('says so when somebody else has its slot', async () => {
    const slot = await claim('a')
    isAway = true
    await pass(11_000)
    const thief = await store.claimSlot('mqtt', 'thief', TIMES.leaseMs)
    expect(thief.slot).toBe(slot.number)
    isAway = false
    await pass(3_000)
    await slot.lost
    expect(slot.isLost).toBe(true)
    expect(await slot.confirm({ ask: false })).toBe(false)
  })

  it('confirms at once while the lease is fresh, and asks the store when it is not', async () => {
    const slot = await claim('a')
    isAway = true
    await expect(slot.confirm({ ask: false })).resolves.toBe(true)
    await pass(10_500)
    let answer: boolean | null = null
    const asking = slot.confirm({ ask: false }).then((confirmed) => {
      answer = confirmed
    })
    await pass(3_000)
    expect(answer).toBeNull()
    isAway = false
    await pass(1_000)
    await asking
    expect(answer).toBe(true)
  })

  it('is steady only when the store has been there for a whole lease', async () => {
    const slot = await claim('a')
    expect(slot.isSteady).toBe(false)
    await pass(10_500)
    expect(slot.isSteady).toBe(true)
    isAway = true
    await pass(4_000)
    expect(slot.isSteady).toBe(false)
    isAway = false
    await pass(9_500)
    expect(slot.isSteady).toBe(false)
    await pass(4_000)
    expect(slot.isSteady).toBe(true)
  })

  it('tells when the lease had run out in between', async () => {
    const slot = await claim('a')
    let late = 0
    slot.onLateSign(() => {
      late += 1
    })
    await pass(20_000)
    expect(late).toBe(0)
    isAway = true
    await pass(15_000)
    isAway = false
    await pass(10_000)
    expect(late).toBe(1)
    expect(slot.isLost).toBe(false)
  })
})
