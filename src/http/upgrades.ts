import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Origins } from './origins.ts'

/** Takes over a connection whose client asked for another protocol (WebSocket). */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Who gets which upgrade, by path: one listener for the whole port, because two
 * WebSocket servers on one port refuse each other's clients. What nobody takes
 * is refused, and so are pages of foreign origins. It listens from its first
 * handler on, so that somebody else may do so instead.
 */
export class Upgrades {
  readonly #server: Server
  readonly #origins: Origins
  readonly #handlers: { readonly prefix: string; readonly handler: UpgradeHandler }[] = []
  readonly #sockets = new Set<Duplex>()
  #isOpen = true

  constructor(server: Server, origins: Origins) {
    this.#server = server
    this.#origins = origins
  }

  /** The handler gets `/ws` itself and everything below `/ws/`; the longest prefix wins. */
  on(prefix: string, handler: UpgradeHandler): void {
    if (this.#handlers.length === 0) {
      this.#server.on('upgrade', (request, socket, head) => this.#route(request, socket, head))
    }
    const bare = prefix.replace(/\/+$/, '')
    this.#handlers.push({ prefix: bare, handler })
    this.#handlers.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  get prefixes(): readonly string[] {
    return this.#handlers.map(({ prefix }) => prefix)
  }

  /** Takes no more. */
  close(): void {
    this.#isOpen = false
  }

  /** Cuts what is still connected. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that goes away in the middle must not end the process.
    socket.on('error', () => socket.destroy())
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const path = (request.url ?? '').split('?', 1)[0]!
    const taken = this.#handlers.find(
      ({ prefix }) => path === prefix || path.startsWith(`${prefix}/`),
    )
    if (!this.#isOpen) refuse(socket, 503)
    else if (taken === undefined) refuse(socket, 404)
    else if (!this.#mayEnter(request)) refuse(socket, 403)
    else taken.handler(request, socket, head)
  }

  #mayEnter({ headers }: IncomingMessage): boolean {
    return this.#origins.knowsHost(headers) && this.#origins.allows(headers)
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    () => socket.destroy(),
  )
}
