import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import { type FleetNodes, LEASE_MS } from '../fleet/fleet-nodes.ts'
import type { Presence } from './presence.ts'

const BEAT_MS = 2500
/** A sign of life is a write: every other beat will do. */
const KEEP_MS = 4000
/** What a process holds is written again this often, so that it never expires. */
const ASSERT_EVERY_BEATS = 720

interface Parts {
  readonly node: string
  readonly nodes: FleetNodes
  readonly presence: Presence
  /** Told which processes there are. */
  readonly onAlive: (nodes: readonly string[]) => void
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Keeps the fleet's view of this process true, and this process's of the fleet:
 * signs of life, changes that were missed, processes that have died.
 */
export class PresenceWatch {
  readonly #parts: Parts
  readonly #stopTimer: () => void
  #beats = 0
  #keptAt = 0
  #aliveSince = Number.POSITIVE_INFINITY
  #hasGap = false
  /** The store has lost what we wrote: the others need a moment to write theirs again. */
  #isSuspect = false
  #beating: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    this.#stopTimer = parts.clock.every(BEAT_MS, () => void this.beat())
  }

  async start(): Promise<void> {
    await this.beat()
  }

  /** Messages may have been missed: nothing is taken for granted any more. */
  onGap(): void {
    this.#hasGap = true
    void this.beat()
  }

  /** Looks now, or once more after the look that is under way. */
  async beat(): Promise<void> {
    if (this.#beating !== null) await this.#beating
    this.#beating ??= this.#look()
      .catch((error: unknown) => {
        this.#aliveSince = Number.POSITIVE_INFINITY
        this.#hasGap = true
        this.#parts.log.warn({ err: error }, 'presence could not be compared with the store')
      })
      .finally(() => {
        this.#beating = null
      })
    await this.#beating
  }

  /** Members go with their clients; then the process is forgotten. */
  async stop(): Promise<void> {
    this.#stopTimer()
    const { presence, nodes, node } = this.#parts
    await this.#beating
    await presence.drain()
    if (presence.size > 0) await presence.bury(node)
    await nodes.forget(node)
  }

  async #look(): Promise<void> {
    const { presence, clock } = this.#parts
    // A clock that was set back must not keep us silent until it has caught up.
    const mustKeep = this.#hasGap || Math.abs(clock.now() - this.#keptAt) >= KEEP_MS
    const wasAlive = mustKeep ? await this.#keep() : true
    if (!wasAlive || this.#aliveSince > clock.now()) this.#aliveSince = clock.now()
    this.#beats += 1
    const all = this.#hasGap || this.#isSuspect
    const mustAssert = !wasAlive || this.#hasGap || this.#beats % ASSERT_EVERY_BEATS === 0
    this.#isSuspect = !wasAlive && this.#beats > 1
    this.#hasGap = false
    if (mustAssert) await presence.assert()
    if (!this.#isSuspect) await presence.compare(all)
    if (mustKeep) await this.#lookAround()
  }

  #keep(): Promise<boolean> {
    const { nodes, node, clock } = this.#parts
    this.#keptAt = clock.now()
    return nodes.keep(node)
  }

  /** Only who has himself been alive for a whole lease may judge: the store may have been away. */
  async #lookAround(): Promise<void> {
    const { presence, nodes, clock, onAlive } = this.#parts
    const { alive, dead } = await nodes.look()
    onAlive(alive)
    if (clock.now() - this.#aliveSince < LEASE_MS) return
    for (const node of dead) {
      await presence.bury(node)
      await nodes.forget(node)
    }
  }
}
