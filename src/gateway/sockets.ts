import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Clock } from '../support/clock.ts'
import { Unavailable } from '../support/errors.ts'
import { Connection, type ConnectionHome, type GatewaySocket } from './connection.ts'
import { ConnectionLimits, type Limits, TooManyConnections } from './connection-limits.ts'
import { type Beating, Heartbeat } from './heartbeat.ts'
import type { TransportOwner } from './transport.ts'
import { WriteTurn } from './write-turn.ts'

/** Why a connection was refused or cut by us. */
export type Trouble = 'full' | 'address_full' | 'user_full' | 'unknown' | 'silent' | 'stuck'

/** A connection that is counted and kept alive. */
export interface Held extends Beating {
  /** Where `Heartbeat` keeps it. */
  slot: number
  /** The address that counts for its limits. */
  readonly from: string
  /** When it was let in, epoch seconds. */
  readonly openedAt: number
  /** Bytes accepted and not yet taken by the network. */
  readonly buffered: number
  /** Who is behind it; hears from it. */
  readonly owner: TransportOwner | null
  close(code: number, reason: string): void
  terminate(): void
}

/** The connections of this process, whatever protocol they speak: how many, and whether they live. */
export class Sockets implements ConnectionHome {
  /** Names this process in session records. */
  readonly node = randomUUID()
  readonly turn = new WriteTurn()
  readonly onTrouble: (why: Trouble) => void
  readonly #limits: ConnectionLimits
  readonly #clock: Clock
  readonly #heartbeat: Heartbeat<Held>
  #serial = 0

  /** `onTrouble` counts what was refused or cut. */
  constructor(limits: Limits, clock: Clock, onTrouble: (why: Trouble) => void = () => {}) {
    this.onTrouble = onTrouble
    this.#limits = new ConnectionLimits(limits)
    this.#clock = clock
    this.#heartbeat = new Heartbeat(clock, (held) => this.cut(held, 'silent'))
  }

  /** Epoch seconds. */
  now(): number {
    return Math.floor(this.#clock.now() / 1000)
  }

  get total(): number {
    return this.#limits.total
  }

  /**
   * Counts a client that wants in, until `leave` or, once its socket was added,
   * until that has closed. Throws `Unavailable` or `TooManyConnections`.
   */
  enter(from: string): void {
    const entered = this.#limits.enter(from)
    if (entered !== 'admitted') this.onTrouble(entered)
    if (entered === 'full') throw new Unavailable('The server has too many connections.')
    if (entered === 'address_full') {
      throw new TooManyConnections('There are too many connections from here.')
    }
  }

  leave(from: string): void {
    this.#limits.leave(from)
  }

  add(ws: GatewaySocket, socket: Duplex, from: string): Connection {
    this.#serial += 1
    const connection = new Connection({ ws, socket, from, home: this, serial: this.#serial })
    this.hold(connection)
    return connection
  }

  /** Names one more connection, as `Connection` names itself. */
  nextId(): string {
    this.#serial += 1
    return `${this.node}.${this.#serial}`
  }

  /** Keeps alive something that was let in by `enter`, until it is `gone`. */
  hold(held: Held): void {
    held.slot = this.#heartbeat.add(held)
  }

  /** Ends at once what is of no use any more. */
  cut(held: Pick<Held, 'terminate'>, why: Trouble): void {
    this.onTrouble(why)
    held.terminate()
  }

  gone(held: Held): void {
    this.#heartbeat.remove(held.slot, held)
    this.leave(held.from)
  }

  /** Every connection that is open, whatever its protocol. */
  all(): Iterable<Held> {
    return this.#heartbeat.all()
  }

  stop(): void {
    this.#heartbeat.stop()
  }
}
