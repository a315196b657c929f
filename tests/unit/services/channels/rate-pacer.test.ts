import { beforeEach, describe, expect, it } from 'vitest'
import { RatePacer } from '../../../../services/channels/http/rate-pacer.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const PACE = { limit: 5, windowMs: 2000 }

describe('RatePacer', () => {
  let clock: FakeClock
  let pacer: RatePacer
  const reserve = (receiver = 'a') => pacer.reserve(receiver, PACE)
  const times = (count: number) => Array.from({ length: count }, () => reserve())

  beforeEach(() => {
    clock = new FakeClock()
    pacer = new RatePacer(clock)
  })

  it('lets a window’s worth through, and spreads the rest over the windows to come', () => {
    expect(times(5)).toEqual([0, 0, 0, 0, 0])
    expect(times(12)).toEqual([2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6].map((s) => s * 1000))
    expect(reserve('b')).toBe(0)
  })

  it('lets everything through in the end, never more than the pace', () => {
    let waiting = Array.from({ length: 1000 }, () => clock.now())
    const sentAt: number[] = []
    for (let round = 0; waiting.length > 0 && round < 2000; round++) {
      clock.advance(Math.max(0, Math.min(...waiting) - clock.now()))
      waiting = waiting.flatMap((at) => {
        if (at > clock.now()) return [at]
        const waitMs = reserve()
        if (waitMs === 0) sentAt.push(clock.now())
        return waitMs === 0 ? [] : [clock.now() + waitMs]
      })
    }
    expect(sentAt).toHaveLength(1000)
    for (let n = 5; n < 1000; n++) expect(sentAt[n]! - sentAt[n - 5]!).toBeGreaterThanOrEqual(2000)
  })

  it('makes nobody wait for an hour when the clock is set back by one', () => {
    times(6)
    clock.leap(-3_600_000)
    expect(times(5)).toEqual([0, 0, 0, 0, 0])
    pacer.pause('a', 60_000)
    clock.leap(-3_600_000)
    expect(reserve()).toBe(0)
  })

  it('learns what a receiver says', () => {
    reserve()
    pacer.learn('a', { remaining: 0, resetMs: 700 })
    expect(reserve()).toBe(700)
    clock.advance(700)
    expect(reserve()).toBe(0)
  })

  it('does not forget what is on its way when it learns', () => {
    times(4)
    pacer.learn('a', { remaining: 4, resetMs: 2000 })
    expect(times(2)).toEqual([0, 2000])
  })

  it('forgets a rush when it is over', () => {
    times(105)
    clock.advance(60_000)
    expect(times(6)).toEqual([0, 0, 0, 0, 0, 2000])
  })

  it('pauses, and keeps no more receivers than it must', () => {
    pacer.pause('a', 60_000)
    expect(reserve()).toBe(60_000)
    for (let n = 0; n < 10_000; n++) reserve(`other-${n}`)
    expect(reserve()).toBe(0)
  })
})
