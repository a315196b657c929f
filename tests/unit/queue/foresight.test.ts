import { describe, expect, it } from 'vitest'
import { Foresight } from '../../../src/queue/foresight.ts'

const aheadAfter = (...times: readonly number[]) => {
  const foresight = new Foresight(64)
  for (const time of times) foresight.note(time)
  return foresight.ahead
}

describe('Foresight', () => {
  it('takes nothing in advance before it knows how long a job takes', () => {
    expect(aheadAfter()).toBe(0)
  })

  it('takes what begins in the next moments, at most a quarter of the room', () => {
    expect(aheadAfter(0)).toBe(16)
    expect(aheadAfter(20)).toBe(16)
    expect(aheadAfter(160)).toBe(8)
    expect(aheadAfter(2_000)).toBe(0)
  })

  it('follows a provider that becomes slow', () => {
    const slow = Array.from({ length: 40 }, () => 5_000)
    expect(aheadAfter(20, ...slow)).toBe(0)
  })
})
