import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Frame } from './frame.ts'
import type { FrameRun } from './frame-run.ts'
import type { Beating } from './heartbeat.ts'
import { BUFFER_LIMIT, type Transport, type TransportOwner } from './transport.ts'
import type { WriteTurn } from './write-turn.ts'

/**
 * A `ws` socket that hands its events to its connection by overriding `emit`:
 * listeners would cost every idle connection a quarter of a kilobyte.
 */
export class GatewaySocket extends WebSocket {
  connection: Connection | null = null

  /** Protocol errors of a client (too large, not UTF-8, …) need no answer: ws closes the socket. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') this.connection?.received(args[0] as Buffer, args[1] === true)
    else if (event === 'ping') this.connection?.asked(args[0] as Buffer)
    else if (event === 'pong') this.connection?.answered()
    else if (event === 'close') this.connection?.closed()
    return true
  }
}

/** What all connections of a process have in common. */
export interface ConnectionHome {
  readonly node: string
  readonly turn: WriteTurn
  /** Epoch seconds. */
  now(): number
  /** Ends a connection whose client does not read. */
  cut(connection: Connection, why: 'stuck'): void
  /** Called once, when the socket has closed. */
  gone(connection: Connection): void
}

interface ConnectionParts {
  readonly ws: GatewaySocket
  readonly socket: Duplex
  readonly home: ConnectionHome
  readonly serial: number
  readonly from: string
}

/**
 * One WebSocket. Frames are gathered during a turn and written at once, past
 * ws's own sender, straight to the network socket: ws keeps to whole frames
 * there, because nothing is ever sent compressed or in fragments through it.
 */
export class Connection implements Transport, Beating {
  readonly #ws: GatewaySocket
  readonly #socket: Duplex
  readonly #home: ConnectionHome
  readonly #serial: number
  readonly #compressed: boolean
  /** The address that counts for its limits. */
  readonly from: string
  readonly openedAt: number
  #owner: TransportOwner | null = null
  #run: FrameRun | null = null
  #gathered = 0
  awaitingPong = false
  /** Where `Heartbeat` keeps it. */
  slot = 0

  constructor(parts: ConnectionParts) {
    this.#ws = parts.ws
    this.#socket = parts.socket
    this.#home = parts.home
    this.#serial = parts.serial
    this.#compressed = parts.ws.extensions !== ''
    this.from = parts.from
    this.openedAt = parts.home.now()
    parts.ws.connection = this
    // Nobody listens (see there): an empty table of listeners takes 180 bytes, and Node makes one at need.
    Reflect.set(parts.ws, '_events', undefined)
  }

  get id(): string {
    return `${this.#home.node}.${this.#serial}`
  }

  get owner(): TransportOwner | null {
    return this.#owner
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN
  }

  get buffered(): number {
    return this.#socket.writableLength + this.#gathered
  }

  /** From now on `owner` hears of this connection. */
  own(owner: TransportOwner): void {
    if (this.#ws.readyState === WebSocket.CLOSED) owner.onClosed()
    else this.#owner = owner
  }

  send(frame: Frame): void {
    if (!this.isOpen) return
    this.#gathered += frame.bytes(this.#compressed).length
    if (this.#run === null) {
      this.#run = this.#home.turn.start(frame)
      this.#home.turn.add(this)
    } else {
      this.#run = this.#run.with(frame)
    }
    if (this.buffered > BUFFER_LIMIT) this.#home.cut(this, 'stuck')
  }

  flush(): void {
    const run = this.#run
    this.#run = null
    this.#gathered = 0
    if (run !== null && this.isOpen) this.#socket.write(run.bytes(this.#compressed))
  }

  onceDrained(listener: () => void): void {
    this.flush()
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', listener)
    else setImmediate(listener)
  }

  beat(): void {
    if (!this.isOpen) return
    this.#owner?.onBeat()
    this.flush()
    this.awaitingPong = true
    this.#ws.ping()
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.flush()
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#run = null
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  received(data: Buffer, isBinary: boolean): void {
    this.awaitingPong = false
    if (isBinary) this.#owner?.onBinary()
    else this.#owner?.onText(data.toString('utf8'))
  }

  /** Pings of the client: one that does not read its pongs is stuck, too. */
  asked(payload: Buffer): void {
    if (!this.isOpen) return
    this.#ws.pong(payload)
    if (this.buffered > BUFFER_LIMIT) this.#home.cut(this, 'stuck')
  }

  answered(): void {
    this.awaitingPong = false
    this.#owner?.onPong()
  }

  closed(): void {
    const owner = this.#owner
    this.#owner = null
    this.#home.gone(this)
    owner?.onClosed()
  }
}
