import type { ServerResponse } from 'node:http'
import type { Frame } from './frame.ts'
import type { FrameRun } from './frame-run.ts'
import { HeldTransport } from './held-transport.ts'
import { EventFrame } from './protocols/event-frame.ts'
import type { Sockets } from './sockets.ts'
import type { Transport } from './transport.ts'

/** Keeps proxies from closing a quiet stream; clients do not see it. */
const COMMENT = Buffer.from(': \n\n')
/** Clients come back after this and a random part of as much again. */
const RETRY_MS = 1500
/** What a stream begins with. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

interface Parts {
  readonly response: ServerResponse
  readonly sockets: Sockets
  /** The address that counts for its limits. */
  readonly from: string
}

/** One stream of server-sent events (WHATWG HTML, "Server-sent events"). */
export class EventStream extends HeldTransport implements Transport {
  readonly #response: ServerResponse
  #run: FrameRun | null = null
  #gathered = 0

  constructor({ response, ...held }: Parts) {
    super(held)
    this.#response = response
    response.on('close', () => this.ended())
    response.on('error', () => response.destroy())
    response.socket?.setNoDelay(true)
    response.writeHead(200, STREAM_HEADERS)
    response.write(`retry: ${Math.round(RETRY_MS * (1 + Math.random()))}\n\n`)
  }

  get buffered(): number {
    return this.#response.writableLength + this.#gathered
  }

  send(frame: Frame): void {
    if (!this.isOpen) return
    this.#gathered += frame.bytes(false).length
    if (this.#run === null) {
      this.#run = this.sockets.turn.start(frame)
      this.sockets.turn.add(this)
    } else {
      this.#run = this.#run.with(frame)
    }
    this.assertSpace()
  }

  flush(): void {
    const run = this.#run
    this.#run = null
    this.#gathered = 0
    if (run !== null && this.isOpen) this.#response.write(run.bytes(false))
  }

  onceDrained(listener: () => void): void {
    this.flush()
    if (this.#response.writableNeedDrain) this.#response.once('drain', listener)
    else setImmediate(listener)
  }

  beat(): void {
    if (!this.isOpen) return
    this.owner?.onBeat()
    this.flush()
    this.#response.write(COMMENT)
  }

  /** Clients come back by themselves; `end` tells those that listen why they were sent away. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.send(new EventFrame({ event: 'end', data: JSON.stringify({ code, reason }) }))
    this.flush()
    this.#response.end()
    this.ended()
  }

  terminate(): void {
    this.#run = null
    this.#response.destroy()
    this.ended()
  }

  pause(): void {}

  resume(): void {}
}
