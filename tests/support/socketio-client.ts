import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { waitFor } from './wait-for.ts'

export interface SocketIoHeard {
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every shape.
  readonly args: readonly any[]
}

/** The real `socket.io-client`, with a list of what it heard. */
export class SocketIoUser {
  readonly socket: Socket
  readonly heard: SocketIoHeard[] = []
  readonly errors: (Error & { data?: { code?: string } })[] = []
  readonly reasons: string[] = []

  constructor(url: string, options: Partial<ManagerOptions & SocketOptions> = {}) {
    this.socket = io(url, { forceNew: true, reconnectionDelay: 20, ...options })
    this.socket.onAny((event: string, ...args: unknown[]) => void this.heard.push({ event, args }))
    this.socket.on('connect_error', (error) => void this.errors.push(error))
    this.socket.on('disconnect', (reason) => void this.reasons.push(reason))
  }

  /** Connects, and waits for its session. */
  static async connect(
    url: string,
    options: Partial<ManagerOptions & SocketOptions> = {},
  ): Promise<SocketIoUser> {
    const user = new SocketIoUser(url, options)
    await user.next('connected')
    return user
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  of(event: string): any[] {
    return this.heard.filter((each) => each.event === event).map(({ args }) => args[0])
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  next(event: string, fits: (data: any) => boolean = () => true): Promise<any> {
    const find = () => this.of(event).find(fits)
    return waitFor(find, { message: `no ${event} came` })
  }

  /** Says something and resolves with what the callback was called with. */
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  ask(event: string, ...args: unknown[]): Promise<any> {
    return this.socket.timeout(25_000).emitWithAck(event, ...args)
  }

  /** Cuts the connection without a word; it comes back by itself. */
  cut(): void {
    this.socket.io.engine.transport.close()
  }

  close(): void {
    this.socket.disconnect()
  }
}
