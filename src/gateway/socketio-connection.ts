import type { Socket } from 'socket.io'
import type { Frame } from './frame.ts'
import { eventFrame, PacketFrame } from './protocols/socketio/packet.ts'
import type { Held, Sockets } from './sockets.ts'
import type { Transport, TransportOwner } from './transport.ts'

/** What may wait in one connection before the client counts as stuck. */
const BUFFER_LIMIT = 1024 * 1024
const DISCONNECT = '1'
/** From here on a client shall come back by itself: see `CLOSE`. */
const COME_BACK = [1012, 4100]

export type EngineSocket = Socket['conn']

/** The WebSocket inside, where the transport is one. */
interface Inside {
  readonly socket?: {
    close(code: number, reason: string): void
    terminate(): void
    pause(): void
    resume(): void
  }
}

interface Parts {
  readonly engine: EngineSocket
  readonly sockets: Sockets
  /** The address that counts for its limits. */
  readonly from: string
}

/** One Engine.IO connection, over HTTP polling or a WebSocket; the library keeps it alive. */
export class SocketIoConnection implements Transport, Held {
  readonly id: string
  readonly from: string
  readonly openedAt: number
  readonly #engine: EngineSocket
  readonly #sockets: Sockets
  #owner: TransportOwner | null = null
  #onDrained: (() => void) | null = null
  #buffered = 0
  #isOpen = true
  readonly awaitingPong = false
  slot = 0

  constructor({ engine, sockets, from }: Parts) {
    this.id = sockets.nextId()
    this.from = from
    this.openedAt = sockets.now()
    this.#engine = engine
    this.#sockets = sockets
    engine.on('data', (data: unknown) => this.#onData(data))
    engine.on('heartbeat', () => this.#owner?.onPong())
    engine.on('packetCreate', ({ type }: { readonly type: string }) => {
      if (type === 'ping') this.#owner?.onBeat()
    })
    engine.on('close', () => this.#closed())
  }

  get owner(): TransportOwner | null {
    return this.#owner
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#engine.readyState === 'open'
  }

  get buffered(): number {
    return this.#buffered
  }

  own(owner: TransportOwner): void {
    if (this.#isOpen) this.#owner = owner
    else owner.onClosed()
  }

  send(frame: Frame): void {
    if (!this.isOpen || !(frame instanceof PacketFrame)) return
    const bytes = frame.bytes()
    this.#buffered += bytes.length
    // The library writes what was framed for all clients at once, where it can.
    const options = { wsPreEncodedFrame: [bytes], compress: true }
    this.#engine.write(frame.text, options as object, () => this.#sent(bytes.length))
    if (this.#buffered > BUFFER_LIMIT) this.#sockets.cut(this, 'stuck')
  }

  onceDrained(listener: () => void): void {
    if (this.#buffered === 0) setImmediate(listener)
    else this.#onDrained = listener
  }

  /** The library's own pings do that. */
  beat(): void {}

  /**
   * A client that was told `disconnect` stays away; one whose connection just
   * ends comes back after a random pause.
   */
  close(code: number, reason: string): void {
    if (!this.isOpen) return
    if (COME_BACK.includes(code)) {
      const { socket } = this.#inside
      if (socket) socket.close(code, reason)
      else this.#engine.close()
      return
    }
    this.send(eventFrame('closing', JSON.stringify({ code, reason })))
    this.#engine.write(DISCONNECT)
    this.#engine.close()
  }

  terminate(): void {
    const { socket } = this.#inside
    this.#engine.close(true)
    socket?.terminate()
    this.#closed()
  }

  pause(): void {
    this.#inside.socket?.pause()
  }

  resume(): void {
    this.#inside.socket?.resume()
  }

  get #inside(): Inside {
    return this.#engine.transport as unknown as Inside
  }

  #onData(data: unknown): void {
    if (typeof data === 'string') this.#owner?.onText(data)
    else this.#owner?.onBinary()
  }

  #sent(bytes: number): void {
    this.#buffered -= bytes
    const listener = this.#onDrained
    this.#onDrained = null
    listener?.()
  }

  #closed(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const owner = this.#owner
    this.#owner = null
    this.#sockets.gone(this)
    owner?.onClosed()
  }
}
