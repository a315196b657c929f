import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.ts'

const WINDOW_MS = 10_000

/** The sliding window of the rate limits. */
export function describeWindow(at: Subject): void {
  describe('hit', () => {
    it('grants up to the limit and says how many are left', async () => {
      const hit = (calls: number) => at.store.hit('rate:a', 5, WINDOW_MS, calls)
      expect(await hit(2)).toMatchObject({ granted: 2, remaining: 3 })
      expect(await hit(2)).toMatchObject({ granted: 2, remaining: 1 })
      expect(await hit(2)).toMatchObject({ granted: 1, remaining: 0 })
      expect(await hit(1)).toMatchObject({ granted: 0, remaining: 0 })
    })

    it('lets a call through again when the oldest one has left the window', async () => {
      const hit = () => at.store.hit('rate:a', 2, WINDOW_MS, 1)
      const startedAt = at.clock.now()
      await hit()
      at.clock.advance(4_000)
      await hit()
      const refused = await hit()
      expect(refused.granted).toBe(0)
      expect(Math.abs(refused.resetsAt - (startedAt + WINDOW_MS))).toBeLessThanOrEqual(1)
      at.clock.advance(5_990)
      expect((await hit()).granted).toBe(0)
      at.clock.advance(20)
      expect((await hit()).granted).toBe(1)
      expect((await hit()).granted).toBe(0)
    })

    it('does not count what it refused', async () => {
      const hit = (calls: number) => at.store.hit('rate:a', 3, WINDOW_MS, calls)
      await hit(3)
      for (let n = 0; n < 5; n++) {
        at.clock.advance(1_000)
        expect((await hit(1)).granted).toBe(0)
      }
      at.clock.advance(5_001)
      expect((await hit(3)).granted).toBe(3)
    })

    it('what is granted ahead counts from the moment until which it may be used', async () => {
      const hit = (calls: number, aheadMs?: number) =>
        at.store.hit('rate:a', 5, WINDOW_MS, calls, aheadMs)
      expect(await hit(4, 1_000)).toMatchObject({ granted: 4, remaining: 1 })
      at.clock.advance(WINDOW_MS + 500)
      expect(await hit(3)).toMatchObject({ granted: 1, remaining: 0 })
      at.clock.advance(510)
      expect((await hit(5)).granted).toBe(4)
    })

    it('callers of one turn share the limit; others have their own', async () => {
      const allowances = await Promise.all(
        Array.from({ length: 40 }, () => at.store.hit('rate:a', 25, WINDOW_MS, 1)),
      )
      expect(allowances.reduce((sum, { granted }) => sum + granted, 0)).toBe(25)
      expect((await at.store.hit('rate:b', 25, WINDOW_MS, 1)).granted).toBe(1)
    })

    it('never grants more than the limit in any window, and no less than fits', async () => {
      const steps = fc.array(
        fc.record({
          waitMs: fc.integer({ min: 0, max: 4_000 }),
          calls: fc.integer({ min: 1, max: 4 }),
        }),
        { minLength: 5, maxLength: 40 },
      )
      let run = 0
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 8 }), async (calls, limit) => {
          run += 1
          const granted: { at: number; count: number }[] = []
          for (const { waitMs, calls: wanted } of calls) {
            at.clock.advance(waitMs)
            const now = at.clock.now()
            const used = granted
              .filter((grant) => grant.at > now - WINDOW_MS)
              .reduce((sum, { count }) => sum + count, 0)
            const allowance = await at.store.hit(`rate:${run}`, limit, WINDOW_MS, wanted)
            expect(allowance.granted).toBe(Math.min(wanted, limit - used))
            expect(allowance.remaining).toBe(limit - used - allowance.granted)
            granted.push({ at: now, count: allowance.granted })
          }
        }),
        { numRuns: 15 },
      )
    })
  })
}
