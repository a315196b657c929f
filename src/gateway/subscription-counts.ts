import type { Clock } from '../support/clock.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import { Outbound } from './outbound.ts'
import type { Place } from './presence/member-records.ts'

const PAUSE_MS = 1000
/** Where many come and go, telling everybody of each would cost more than it says. */
const LONG_PAUSE_MS = 5000
const MANY = 100

interface Parts {
  /** Names this process. */
  readonly node: string
  readonly hub: Hub<Outbound, Receiver<Outbound>>
  /** Tells the other processes; `asks`: they shall say theirs. */
  readonly announce: (place: Place, count: number, asks: boolean) => void
  readonly clock: Clock
}

interface Board {
  readonly place: Place
  /** How many clients the other processes have. */
  readonly others: Map<string, number>
  /** Whether something changed since clients were told last. */
  isStale: boolean
  /** Set while nobody is told, to keep it bearable. */
  cancel: (() => void) | null
  told: number
  announced: number
}

/** How many clients are on each channel, over all processes: they are told when it changes. */
export class SubscriptionCounts {
  readonly #parts: Parts
  readonly #boards = new Map<string, Board>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A client of this process came to a channel, or left it. */
  changed(place: Place): void {
    const name = address(place.scope, place.channel)
    const count = this.#parts.hub.countOn(name)
    const known = this.#boards.get(name)
    if (count === 0) {
      known?.cancel?.()
      if (this.#boards.delete(name)) this.#parts.announce(place, 0, false)
      return
    }
    if (known) this.#touch(name, known)
    else this.#begin(name, place, count)
  }

  /** What another process said. */
  onCount(place: Place, message: { node: string; count: number; asks: boolean }): void {
    const name = address(place.scope, place.channel)
    const board = this.#boards.get(name)
    if (!board || message.node === this.#parts.node) return
    board.others.set(message.node, message.count)
    if (message.asks) this.#parts.announce(place, this.#parts.hub.countOn(name), false)
    this.#touch(name, board)
  }

  /** Processes that are not among these have no clients any more. */
  keepOnly(nodes: readonly string[]): void {
    for (const [name, board] of this.#boards) {
      for (const node of board.others.keys()) {
        if (nodes.includes(node)) continue
        board.others.delete(node)
        this.#touch(name, board)
      }
    }
  }

  stop(): void {
    for (const { cancel } of this.#boards.values()) cancel?.()
    this.#boards.clear()
  }

  #begin(name: string, place: Place, count: number): void {
    const others = new Map<string, number>()
    const board = { place, others, isStale: false, cancel: null, told: 0, announced: count }
    this.#boards.set(name, board)
    this.#parts.announce(place, count, true)
    this.#tell(name, board)
  }

  #touch(name: string, board: Board): void {
    if (board.cancel !== null) {
      board.isStale = true
      return
    }
    const count = this.#parts.hub.countOn(name)
    if (count !== board.announced) this.#parts.announce(board.place, count, false)
    board.announced = count
    this.#tell(name, board)
  }

  #tell(name: string, board: Board): void {
    const { hub, clock } = this.#parts
    const others = [...board.others.values()].reduce((sum, count) => sum + count, 0)
    const count = hub.countOn(name) + others
    const { channel } = board.place
    if (count !== board.told) {
      hub.broadcast(name, new Outbound({ kind: 'count', channel, count, data: '' }))
    }
    board.told = count
    board.isStale = false
    board.cancel = clock.after(count > MANY ? LONG_PAUSE_MS : PAUSE_MS, () => {
      board.cancel = null
      if (board.isStale) this.#touch(name, board)
    })
  }
}
