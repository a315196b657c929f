import {
  type Bell,
  type Clock,
  Conflict,
  InvalidPayload,
  isoTime,
  type Keys,
  type Op,
  type Store,
} from '../../src/index.ts'
import type { Documents } from '../alerts/documents.ts'
import type { Labelled } from './label-matcher.ts'
import { concerns, inForceUntil, type Silence, type SilenceState, stateOf } from './silence.ts'
import { wakeOp } from './wake.ts'

/** How long after its end a silence can still be read (as Alertmanager keeps it). */
const HISTORY_MS = 5 * 86_400_000

/** A silence as it is shown. */
export interface ShownSilence extends Silence {
  readonly state: SilenceState
}

/** What somebody asks for. */
export interface NewSilence
  extends Omit<Silence, 'id' | 'starts_at' | 'created_at' | 'replaces' | 'maintenance'> {
  /** `null`: now, or as it was before. */
  readonly starts_at: string | null
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly silences: Documents<Silence>
}

/** How long a silence is kept from `now` on, in milliseconds; 0: for ever. */
export function silenceTtlMs({ ends_at }: Silence, now: number): number {
  return ends_at === null ? 0 : Math.max(1, Date.parse(ends_at) + HISTORY_MS - now)
}

/** What people write down so that an alert they know of makes no noise. */
export class Silences {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The newest first; those of five days after their end too. */
  async list(state: SilenceState | null = null): Promise<ShownSilence[]> {
    const now = this.#parts.clock.now()
    const all = await this.#kept(now)
    return all
      .map((silence) => this.#shown(silence, now))
      .filter((silence) => state === null || silence.state === state)
      .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
  }

  async find(id: string): Promise<ShownSilence> {
    return this.#shown(await this.#parts.silences.find(id), this.#parts.clock.now())
  }

  async create(asked: NewSilence, id: string): Promise<ShownSilence> {
    const now = this.#parts.clock.now()
    const silence = made(asked, id, now)
    assertEndsLater(silence, now)
    return this.#shown(await this.#parts.silences.create(silence), now)
  }

  /**
   * With other matchers or another start it is another silence: a new one takes
   * its place, and what it silenced stays on record. What has expired is not changed.
   */
  async edit(id: string, asked: NewSilence, newId: string): Promise<ShownSilence> {
    const now = this.#parts.clock.now()
    const documents = await this.#parts.silences.rewrite(id, (before) => {
      if (stateOf(before, now) === 'expired') {
        throw new Conflict(`Silence ${id} has expired; create a new one.`)
      }
      const ops = [this.#wake(now)]
      const after = { ...before, ...asked, starts_at: asked.starts_at ?? before.starts_at }
      assertEndsLater(after, now)
      if (!isAnother(before, after)) return { documents: [after], ops }
      return {
        documents: [expired(before, now), { ...made(after, newId, now), replaces: id }],
        ops,
      }
    })
    this.#ring()
    return this.#shown(documents.at(-1) ?? documents[0], now)
  }

  /** Ends it now; one that has ended stays as it is. */
  async expire(id: string): Promise<ShownSilence> {
    const now = this.#parts.clock.now()
    const [silence] = await this.#parts.silences.rewrite(id, (before) => ({
      documents: [stateOf(before, now) === 'expired' ? before : expired(before, now)],
      ops: [this.#wake(now)],
    }))
    this.#ring()
    return this.#shown(silence, now)
  }

  /** Those in force for an alert now, each with its end (epoch ms). */
  async inForce(alert: Labelled): Promise<{ silence: Silence; until: number }[]> {
    const now = this.#parts.clock.now()
    const all = await this.#parts.silences.list()
    return all.flatMap((silence) => {
      if (!concerns(silence, alert)) return []
      const until = inForceUntil(silence, now)
      return until === null ? [] : [{ silence, until }]
    })
  }

  /** An alert is resolved: silences that were meant for it end, unless another open one needs them. */
  async resolved(alert: Labelled, open: () => AsyncIterable<Labelled>): Promise<void> {
    const found = (await this.inForce(alert)).filter(({ silence }) => silence.expire_on_resolve)
    const ending = new Set(found.map(({ silence }) => silence))
    if (ending.size === 0) return
    for await (const other of open()) {
      for (const silence of ending) if (concerns(silence, other)) ending.delete(silence)
      if (ending.size === 0) return
    }
    for (const { id } of ending) await this.expire(id)
  }

  #shown(silence: Silence, now: number): ShownSilence {
    return { ...silence, state: stateOf(silence, now) }
  }

  async #kept(now: number): Promise<readonly Silence[]> {
    const all = await this.#parts.silences.list()
    return all.filter(({ ends_at }) => ends_at === null || Date.parse(ends_at) + HISTORY_MS > now)
  }

  #wake(now: number): Op {
    const { store, keys, silences } = this.#parts
    return wakeOp(keys, { now, partition: silences.partition, partitions: store.partitions })
  }

  #ring(): void {
    this.#parts.bell.ring(this.#parts.keys.queue('alert'))
  }
}

/** A silence that ends now; one that had not begun never did. */
export function expired(silence: Silence, now: number): Silence {
  const ends_at = isoTime(now)
  return {
    ...silence,
    ends_at,
    starts_at: silence.starts_at < ends_at ? silence.starts_at : ends_at,
  }
}

function made(asked: NewSilence, id: string, now: number): Silence {
  const at = isoTime(now)
  const starts_at = asked.starts_at ?? at
  return { ...asked, id, starts_at, created_at: at, replaces: null, maintenance: false }
}

function isAnother(before: Silence, after: Silence): boolean {
  const essence = ({ matchers, affected_systems, starts_at }: Silence) =>
    JSON.stringify([matchers, affected_systems, starts_at])
  return essence(before) !== essence(after)
}

function assertEndsLater({ starts_at, ends_at }: Silence, now: number): void {
  if (ends_at === null) return
  if (Date.parse(ends_at) <= now) throw new InvalidPayload('A silence must end in the future.')
  if (ends_at <= starts_at) throw new InvalidPayload('A silence must end after it starts.')
}
