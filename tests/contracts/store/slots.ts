import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.ts'

const LEASE_MS = 10_000

/** Numbered places in the fleet. */
export function describeSlots(at: Subject): void {
  const claim = (holder: string) => at.store.claimSlot('router', holder, LEASE_MS)
  const abandoned = (holder: string, graceMs: number) =>
    at.store.claimAbandonedSlot('router', holder, LEASE_MS, graceMs)

  describe('slots', () => {
    it('gives the lowest free one, counting up, to each holder his own', async () => {
      const first = await claim('a')
      const second = await claim('b')
      const third = await claim('c')
      expect([second.slot, third.slot]).toEqual([first.slot + 1, first.slot + 2])
      expect([first, second, third].map(({ takenOver }) => takenOver)).toEqual([
        false,
        false,
        false,
      ])
      await at.store.releaseSlot('router', second.slot, 'b', false)
      expect(await claim('d')).toEqual({ slot: second.slot, takenOver: false })
    })

    it('never gives one slot to two that claim at once', async () => {
      const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claim(`h${n}`)))
      expect(new Set(claims.map(({ slot }) => slot)).size).toBe(20)
    })

    it('takes over a slot whose lease ran out, and says so', async () => {
      const { slot } = await claim('a')
      const other = await claim('b')
      at.clock.advance(LEASE_MS / 2)
      expect(await at.store.keepSlot('router', other.slot, 'b', LEASE_MS)).toBe(true)
      at.clock.advance(LEASE_MS / 2 + 1)
      expect(await claim('c')).toEqual({ slot, takenOver: true })
      expect(await at.store.keepSlot('router', slot, 'a', LEASE_MS)).toBe(false)
      expect(await at.store.keepSlot('router', slot, 'c', LEASE_MS)).toBe(true)
    })

    it('a late holder keeps his slot while nobody took it', async () => {
      const { slot } = await claim('a')
      at.clock.advance(LEASE_MS * 2)
      expect(await at.store.keepSlot('router', slot, 'a', LEASE_MS)).toBe(true)
      expect((await claim('b')).slot).not.toBe(slot)
    })

    it('a vacated slot is remembered: whoever claims it takes it over', async () => {
      const { slot } = await claim('a')
      await at.store.releaseSlot('router', slot, 'a', true)
      expect(await claim('b')).toEqual({ slot, takenOver: true })
    })

    it('only the holder can release', async () => {
      const { slot } = await claim('a')
      await at.store.releaseSlot('router', slot, 'thief', false)
      await at.store.releaseSlot('router', slot, 'thief', true)
      expect(await at.store.keepSlot('router', slot, 'a', LEASE_MS)).toBe(true)
      expect((await claim('b')).slot).not.toBe(slot)
    })

    it('an abandoned slot is claimed after its grace, by one only', async () => {
      const { slot } = await claim('a')
      const other = await claim('b')
      at.clock.advance(LEASE_MS + 1)
      await at.store.keepSlot('router', other.slot, 'b', LEASE_MS)
      expect(await abandoned('b', 5_000)).toBeNull()
      at.clock.advance(5_000)
      const claims = await Promise.all([abandoned('b', 5_000), abandoned('c', 5_000)])
      expect(claims.filter((claimed) => claimed === slot)).toHaveLength(1)
      expect(claims.filter((claimed) => claimed === null)).toHaveLength(1)
    })

    it('a vacated slot is abandoned after its grace, a forgotten one never', async () => {
      const vacated = await claim('a')
      const forgotten = await claim('b')
      await at.store.releaseSlot('router', vacated.slot, 'a', true)
      await at.store.releaseSlot('router', forgotten.slot, 'b', false)
      at.clock.advance(5_001)
      expect(await abandoned('c', 5_000)).toBe(vacated.slot)
      expect(await abandoned('c', 5_000)).toBeNull()
    })

    it('names do not share slots', async () => {
      const router = await claim('a')
      const worker = await at.store.claimSlot('worker', 'a', LEASE_MS)
      expect(worker).toEqual(router)
    })
  })
}
