import type { Clock } from '../../src/index.ts'
import type { Directory } from '../directory/directory.ts'
import { momentOf } from '../flows/local-time.ts'
import { clocksOf, FIRST_BEFORE_LAST_MS, LAST_ZONE, QUARTER_MS } from '../flows/zoned-times.ts'
import type { Audience } from './broadcast-record.ts'

/** How far a broadcast has come that reaches people when their own clocks show a time. */
export interface Waves {
  /** The time, `2026-12-24T18:00`. */
  readonly at: string
  /** Until when it was looked whose clock has shown it (epoch ms). */
  readonly doneUntil: number
  /** Those who are being told just now, and until when their clocks have shown it. */
  readonly now?: { readonly clocks: NonNullable<Audience['clocks']>; readonly until: number }
}

interface Parts {
  readonly clock: Clock
  readonly directory: Pick<Directory, 'timeZones'>
  /** Of people who did not say theirs. */
  readonly timezone: string
}

/**
 * Brings a broadcast from zone to zone: one job that waits for the next, however
 * many people live there.
 */
export class BroadcastWaves {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The beginning, and when it is time for the first (epoch ms): now, where it is past. */
  async begin(at: string): Promise<{ readonly waves: Waves; readonly sendAt: number | null }> {
    const waves = { at, doneUntil: 0 }
    const first = Math.min(...(await this.#moments(at)).values())
    const now = this.#parts.clock.now()
    return { waves, sendAt: first <= now ? null : this.#lookAt(waves, first) }
  }

  /** Whose clocks have shown the time since it was looked last; what is under way goes on as it was. */
  async start(waves: Waves): Promise<Required<Waves>> {
    if (waves.now !== undefined) return { ...waves, now: waves.now }
    const until = this.#parts.clock.now()
    const moments = [...(await this.#moments(waves.at))]
    const due = moments.filter(([, moment]) => moment > waves.doneUntil && moment <= until)
    const clocks = Object.fromEntries(due.map(([zone]) => [zone, waves.at]))
    return { ...waves, now: { clocks, until } }
  }

  /** What follows, and when; `null`: there is no clock left that could show it. */
  async after({ at, now }: Required<Waves>) {
    const waves: Waves = { at, doneUntil: now.until }
    if (now.until >= momentOf(at, LAST_ZONE)) return null
    const moments = [...(await this.#moments(at)).values()]
    const next = Math.min(...moments.filter((moment) => moment > now.until))
    return { waves, sendAt: this.#lookAt(waves, next) }
  }

  /**
   * When it is time for somebody; and, as soon as it could be time on the first clock of
   * the world, each quarter of an hour: somebody's zone may be new.
   */
  #lookAt({ at }: Waves, next: number): number {
    const now = this.#parts.clock.now()
    const endsAt = momentOf(at, LAST_ZONE)
    const beginsAt = endsAt - FIRST_BEFORE_LAST_MS
    const quarter = now - (now % QUARTER_MS) + QUARTER_MS
    return Math.min(next, beginsAt > now ? beginsAt : quarter, Math.max(endsAt, now))
  }

  /** Zone (`''`: of those who have none) → when its clock shows a time. */
  async #moments(at: string): Promise<Map<string, number>> {
    const { directory, timezone } = this.#parts
    const clocks = clocksOf(await directory.timeZones.inUse(), { timezone })
    return new Map([...clocks].map(([name, zone]) => [name, momentOf(at, zone)]))
  }
}
