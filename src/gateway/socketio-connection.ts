import type { Socket } from 'socket.io'
import type { Frame } from './frame.ts'
import { HeldTransport } from './held-transport.ts'
import { eventFrame, PacketFrame } from './protocols/socketio/packet.ts'
import type { Sockets } from './sockets.ts'
import type { Transport } from './transport.ts'

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
export class SocketIoConnection extends HeldTransport implements Transport {
  readonly #engine: EngineSocket
  #onDrained: (() => void) | null = null
  #buffered = 0

  constructor({ engine, ...held }: Parts) {
    super(held)
    this.#engine = engine
    engine.on('data', (data: unknown) => this.#onData(data))
    engine.on('heartbeat', () => this.owner?.onPong())
    engine.on('packetCreate', ({ type }: { readonly type: string }) => {
      if (type === 'ping') this.owner?.onBeat()
    })
    engine.on('close', () => this.ended())
  }

  override get isOpen(): boolean {
    return super.isOpen && this.#engine.readyState === 'open'
  }

  get buffered(): number {
    return this.#buffered
  }

  send(frame: Frame): void {
    if (!this.isOpen || !(frame instanceof PacketFrame)) return
    const bytes = frame.bytes()
    this.#buffered += bytes.length
    // The library writes what was framed for all clients at once, where it can.
    const options = { wsPreEncodedFrame: [bytes], compress: true }
    this.#engine.write(frame.text, options as object, () => this.#sent(bytes.length))
    this.assertSpace()
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
    this.ended()
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
    if (typeof data === 'string') this.owner?.onText(data)
    else this.owner?.onBinary()
  }

  #sent(bytes: number): void {
    this.#buffered -= bytes
    const listener = this.#onDrained
    this.#onDrained = null
    listener?.()
  }
}
