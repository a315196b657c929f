import { describe, expect, it } from 'vitest'
import { Expiry } from '../../../src/gateway/expiry.ts'
import { type Beating, Heartbeat } from '../../../src/gateway/heartbeat.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class Beaten implements Beating {
  awaitingPong = false
  beats = 0
  isTerminated = false

  beat(): void {
    this.beats += 1
    this.awaitingPong = true
  }

  terminate(): void {
    this.isTerminated = true
  }
}

describe('Heartbeat', () => {
  it('asks every 25 s and ends who does not answer within 8 s', () => {
    const clock = new FakeClock()
    const heartbeat = new Heartbeat<Beaten>(clock, (silent) => silent.terminate())
    const silent = new Beaten()
    const lively = new Beaten()
    heartbeat.add(silent)
    heartbeat.add(lively)
    clock.advance(24_000)
    expect(silent.beats).toBe(0)
    clock.advance(1000)
    expect(silent.beats).toBe(1)
    lively.awaitingPong = false
    clock.advance(7000)
    expect(silent.isTerminated).toBe(false)
    clock.advance(1000)
    expect(silent.isTerminated).toBe(true)
    expect(lively.isTerminated).toBe(false)
    clock.advance(17_000)
    expect(lively.beats).toBe(2)
  })

  it('spreads connections over the seconds and lets go of those that left', () => {
    const clock = new FakeClock()
    const heartbeat = new Heartbeat<Beaten>(clock, (silent) => silent.terminate())
    const early = new Beaten()
    const late = new Beaten()
    const gone = new Beaten()
    heartbeat.add(early)
    heartbeat.remove(heartbeat.add(gone), gone)
    clock.advance(10_000)
    heartbeat.add(late)
    clock.advance(15_000)
    expect([early.beats, late.beats]).toEqual([1, 0])
    clock.advance(10_000)
    expect([early.beats, late.beats, gone.beats]).toEqual([1, 1, 0])
    heartbeat.stop()
    clock.advance(100_000)
    expect(early.beats).toBe(1)
  })
})

describe('Expiry', () => {
  it('calls each thing once, when its moment has passed, to the second', () => {
    const clock = new FakeClock()
    const expiry = new Expiry(clock)
    const called: string[] = []
    expiry.add(clock.now() + 1500, { onExpired: () => called.push('a') })
    expiry.after(3000, () => called.push('b'))
    const cancel = expiry.after(3000, () => called.push('c'))
    expiry.add(clock.now() - 5000, { onExpired: () => called.push('past') })
    expiry.add(null, { onExpired: () => called.push('never') })
    clock.advance(1000)
    expect(called).toEqual(['past'])
    clock.advance(1000)
    expect(called).toEqual(['past', 'a'])
    cancel()
    clock.advance(10_000)
    expect(called).toEqual(['past', 'a', 'b'])
  })

  it('tells nobody who was taken back, whoever shares the moment', () => {
    const clock = new FakeClock()
    const expiry = new Expiry(clock)
    const told: string[] = []
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ onExpired: () => told.push(name) }))
    const moment = clock.now() + 3000
    for (const one of [a, b, c]) expiry.add(moment, one as never)
    expiry.remove(moment, a as never)
    expiry.remove(moment, a as never)
    expiry.remove(moment + 5000, b as never)
    expiry.remove(null, c as never)
    clock.advance(5000)
    expect(told).toEqual(['b', 'c'])
  })

  it('is not fooled by a clock that jumps forward', () => {
    const clock = new FakeClock()
    const expiry = new Expiry(clock)
    const called: string[] = []
    for (let n = 1; n <= 5; n++) expiry.after(n * 60_000, () => called.push(`m${n}`))
    clock.advance(3_600_000)
    expect(called).toHaveLength(5)
  })
})
