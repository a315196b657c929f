import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { waitFor } from './wait-for.ts'

export interface NativeFrame {
  readonly type: string
  readonly [field: string]: unknown
}

interface Opening extends ClientOptions {
  readonly protocols?: readonly string[]
}

/** A native client as a user would write one: a `ws` socket that keeps what it got. */
export class NativeClient {
  readonly frames: NativeFrame[] = []
  readonly socket: WebSocket
  closed: { code: number; reason: string } | null = null

  private constructor(url: string, { protocols = [], ...options }: Opening) {
    this.socket = new WebSocket(url, [...protocols], options)
    this.socket.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()) as NativeFrame)
    })
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
    })
    this.socket.on('error', () => {})
  }

  /** Resolves once the socket is open. */
  static async open(url: string, options: Opening = {}): Promise<NativeClient> {
    const client = new NativeClient(url, options)
    await new Promise((resolve, reject) => {
      client.socket.once('open', resolve)
      client.socket.once('error', reject)
    })
    return client
  }

  /** Opens, and waits for `connected`. */
  static async connect(
    url: string,
    options: Opening = {},
  ): Promise<{ client: NativeClient; connected: NativeFrame }> {
    const client = await NativeClient.open(url, options)
    return { client, connected: await client.next('connected') }
  }

  /** The answer of a server that does not let us in: HTTP status and body. */
  static refusal(url: string, options: Opening = {}): Promise<{ status: number; body: string }> {
    const { protocols = [], ...rest } = options
    const socket = new WebSocket(url, [...protocols], rest)
    socket.on('error', () => {})
    return new Promise((resolve, reject) => {
      socket.once('open', () => reject(new Error('the server let us in')))
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        let body = ''
        response.on('data', (part: Buffer) => {
          body += part.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
    })
  }

  of(type: string): NativeFrame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  /** Waits for the first frame of a type, or the first that fits. */
  next(type: string, fits: (frame: NativeFrame) => boolean = () => true): Promise<NativeFrame> {
    return waitFor(() => this.of(type).find(fits), { message: `no ${type} frame came` })
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Sends with a `ref` and answers with the frame that repeats it. */
  async ask(frame: Record<string, unknown>): Promise<NativeFrame> {
    const ref = `r${Math.random()}`
    this.send({ ...frame, ref })
    return waitFor(() => this.frames.find((answer) => answer.ref === ref), {
      message: `no answer to ${JSON.stringify(frame)}`,
    })
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.socket.terminate()
  }

  async close(): Promise<void> {
    this.socket.close()
    await waitFor(() => this.closed)
  }

  /** Resolves with the close code that the server gave. */
  async ended(): Promise<{ code: number; reason: string }> {
    return waitFor(() => this.closed, { message: 'the server did not close' })
  }
}
