import type { Clock, Keys, Logger, Store } from '../../src/index.ts'
import type { Heartbeats } from './heartbeats.ts'

/** How often it is looked who fell silent. */
const EVERY_MS = 250
/** After a gap of this much nobody knows who was heard of meanwhile. */
const GAP_MS = 3_000
const NOTE_MS = 1_000
const BATCH = 200

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly heartbeats: Heartbeats
  /** Whether messages come in now: without a broker everybody is silent. */
  readonly isListening: () => boolean
  /** Whether beats are lost while this process is not there: the broker is part of it. */
  readonly losesBeats: boolean
}

interface Watched {
  readonly since: number
  readonly at: number
}

/**
 * Looks who was not heard of in time. Several processes may look: a silence is a
 * change of state that one of them makes. While nobody listened nothing was
 * missing: after a restart, or an outage of the broker, everything has its whole
 * time again.
 */
export class HeartbeatWatch {
  readonly #parts: Parts
  #cancel = () => {}
  #running = false
  #isFresh: boolean
  #watched: Watched | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    this.#isFresh = parts.losesBeats
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(EVERY_MS, () => void this.round())
  }

  stop(): void {
    this.#cancel()
  }

  /** One look; a store that is away is asked again in the next. */
  async round(): Promise<void> {
    const { heartbeats, isListening, log } = this.#parts
    if (this.#running || heartbeats.monitors.length === 0) return
    if (!isListening()) {
      this.#watched = null
      return
    }
    this.#running = true
    try {
      await this.#look(await this.#upSince())
    } catch (error) {
      log.debug({ err: error }, 'heartbeats wait for the store')
    } finally {
      this.#running = false
    }
  }

  async #look(upSince: number): Promise<void> {
    const { partitions } = this.#parts.store
    const looks = Array.from({ length: partitions }, (_, n) => this.#lookIn(n, upSince))
    const failed = (await Promise.allSettled(looks)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #lookIn(partition: number, upSince: number): Promise<void> {
    const { store, keys, clock, heartbeats } = this.#parts
    for (;;) {
      const due = keys.heartbeatsDue()
      const late = await store.rangeByScore(partition, due, 0, clock.now(), BATCH)
      await Promise.all(late.map(({ member }) => heartbeats.judge(member, upSince)))
      if (late.length < BATCH) return
    }
  }

  /** Where it cannot be noted, as far as this process knows: it has listened itself. */
  async #upSince(): Promise<number> {
    try {
      return await this.#note()
    } catch (error) {
      if (this.#watched === null) throw error
      const { clock, log } = this.#parts
      log.debug({ err: error }, 'that heartbeats are listened to was not noted')
      this.#watched = { ...this.#watched, at: clock.now() }
      return this.#watched.since
    }
  }

  /** Since when somebody has been listening without a gap; says so itself once a second. */
  async #note(): Promise<number> {
    const { store, keys, clock } = this.#parts
    const now = clock.now()
    const known = this.#watched
    if (known !== null && Math.abs(now - known.at) < NOTE_MS) return known.since
    const text = await store.get(0, keys.heartbeatsWatched())
    const last = text === null ? null : (JSON.parse(text) as Watched)
    // A clock that was set says as little about that.
    const isGap = last === null || this.#isFresh || Math.abs(now - last.at) > GAP_MS
    const watched = { since: isGap ? now : last.since, at: now }
    const ops = [['set', keys.heartbeatsWatched(), JSON.stringify(watched), 86_400_000] as const]
    const outcome = await store.commit({
      ...{ partition: 0, guards: [['expect', keys.heartbeatsWatched(), text]], ops },
    })
    // Somebody else has just said so.
    if (!outcome.applied) return known?.since ?? now
    this.#isFresh = false
    this.#watched = watched
    return watched.since
  }
}
