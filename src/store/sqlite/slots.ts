import type { SlotClaim } from '../store.ts'
import type { Listing } from './listing.ts'
import type { SortedSets } from './sorted-sets.ts'

interface Slot {
  readonly slot: number
  /** Empty once vacated. */
  readonly holder: string
  readonly expiresAt: number
}

const PREFIX = 'slots:'
const nameOf = (name: string) => PREFIX + name
const memberOf = ({ slot, holder }: Pick<Slot, 'slot' | 'holder'>) => `${slot}:${holder}`

/** Numbered slots with leases: a sorted set of `<slot>:<holder>` by the end of the lease. */
export class Slots {
  readonly #zsets: SortedSets
  readonly #now: () => number

  constructor(zsets: SortedSets, now: () => number) {
    this.#zsets = zsets
    this.#now = now
  }

  claim(name: string, holder: string, leaseMs: number): SlotClaim {
    const known = new Map(this.#all(name).map((slot) => [slot.slot, slot]))
    let slot = 0
    while (this.#isHeld(known.get(slot))) slot += 1
    this.#give(name, known.get(slot), { slot, holder, expiresAt: this.#now() + leaseMs })
    return { slot, takenOver: known.has(slot) }
  }

  keep(name: string, slot: number, holder: string, leaseMs: number): boolean {
    if (this.#zsets.get(nameOf(name), memberOf({ slot, holder })) === null) return false
    this.#zsets.add(nameOf(name), this.#now() + leaseMs, memberOf({ slot, holder }))
    return true
  }

  claimAbandoned(name: string, holder: string, leaseMs: number, graceMs: number): number | null {
    const latest = this.#now() - graceMs
    const abandoned = this.#all(name).find(({ expiresAt }) => expiresAt <= latest)
    if (abandoned === undefined) return null
    const { slot } = abandoned
    this.#give(name, abandoned, { slot, holder, expiresAt: this.#now() + leaseMs })
    return slot
  }

  release(name: string, slot: number, holder: string, vacate: boolean): void {
    const removed = this.#zsets.remove(nameOf(name), memberOf({ slot, holder }))
    if (removed === 0 || !vacate) return
    this.#zsets.add(nameOf(name), this.#now(), memberOf({ slot, holder: '' }))
  }

  /** Nobody holds a slot any more; each is remembered for its next holder. */
  vacateAll(listing: Listing): void {
    const names = [...listing.keys(`${PREFIX}*`)].map(({ key }) => key.slice(PREFIX.length))
    for (const name of names) {
      for (const held of this.#all(name).filter(({ holder }) => holder !== '')) {
        this.#give(name, held, { slot: held.slot, holder: '', expiresAt: this.#now() })
      }
    }
  }

  #all(name: string): Slot[] {
    return this.#zsets.byScore(nameOf(name), -Infinity, Infinity, -1).map(({ member, score }) => {
      const cut = member.indexOf(':')
      return { slot: Number(member.slice(0, cut)), holder: member.slice(cut + 1), expiresAt: score }
    })
  }

  #isHeld(slot: Slot | undefined): boolean {
    return slot !== undefined && slot.expiresAt > this.#now()
  }

  #give(name: string, before: Slot | undefined, next: Slot): void {
    if (before !== undefined) this.#zsets.remove(nameOf(name), memberOf(before))
    this.#zsets.add(nameOf(name), next.expiresAt, memberOf(next))
  }
}
