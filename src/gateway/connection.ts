import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Frame } from './frame.ts'
import type { FrameRun } from './frame-run.ts'
import type { Beating } from './heartbeat.ts'
import type { Transport, TransportOwner } from './transport.ts'
import type { WriteTurn } from './write-turn.ts'

/** What may wait in one connection before the client counts as stuck. */
const BUFFER_LIMIT = 1024 * 1024

/** A `ws` socket that knows its connection, so that listeners can be shared by all. */
export class GatewaySocket extends WebSocket {
  connection: Connection | null = null
}

/**
 * One WebSocket. Frames are gathered during a turn and written at once, past
 * ws's own sender, straight to the network socket: ws keeps to whole frames
 * there, because nothing is ever sent compressed or in fragments through it.
 */
export class Connection implements Transport, Beating {
  readonly id: string
  readonly #ws: GatewaySocket
  readonly #socket: Duplex
  readonly #turn: WriteTurn
  readonly #compressed: boolean
  #owner: TransportOwner | null = null
  #run: FrameRun | null = null
  #gathered = 0
  awaitingPong = false

  constructor(parts: { id: string; ws: GatewaySocket; socket: Duplex; turn: WriteTurn }) {
    this.id = parts.id
    this.#ws = parts.ws
    this.#socket = parts.socket
    this.#turn = parts.turn
    this.#compressed = parts.ws.extensions !== ''
    parts.ws.connection = this
    parts.ws.on('message', onMessage)
    parts.ws.on('pong', onPong)
    parts.ws.on('close', onClose)
    parts.ws.on('error', onError)
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN
  }

  get buffered(): number {
    return this.#socket.writableLength + this.#gathered
  }

  /** From now on `owner` hears of this connection. */
  own(owner: TransportOwner): void {
    this.#owner = owner
    if (this.#ws.readyState === WebSocket.CLOSED) this.closed()
  }

  send(frame: Frame): void {
    if (!this.isOpen) return
    this.#gathered += frame.bytes(this.#compressed).length
    if (this.#run === null) {
      this.#run = this.#turn.start(frame)
      this.#turn.add(this)
    } else {
      this.#run = this.#run.with(frame)
    }
    if (this.buffered > BUFFER_LIMIT) this.terminate()
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

  answered(): void {
    this.awaitingPong = false
    this.#owner?.onPong()
  }

  closed(): void {
    const owner = this.#owner
    this.#owner = null
    owner?.onClosed()
  }
}

/** The `binaryType` of our sockets is ws's default: messages are buffers. */
function onMessage(this: WebSocket, data: WebSocket.RawData, isBinary: boolean): void {
  ;(this as GatewaySocket).connection?.received(data as Buffer, isBinary)
}

function onPong(this: WebSocket): void {
  ;(this as GatewaySocket).connection?.answered()
}

function onClose(this: WebSocket): void {
  ;(this as GatewaySocket).connection?.closed()
}

/** Every protocol error of a client (too large, not UTF-8, …) is raised here; ws closes the socket. */
function onError(): void {}
