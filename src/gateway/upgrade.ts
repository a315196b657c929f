import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type BelfryError, NoRoute } from '../support/errors.ts'

/** A request to leave HTTP, as the server hands it over. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly url: URL
}

/** Takes an upgrade whose path is its own; `false`: it is not. */
export type Door = (upgrade: Upgrade) => boolean

/**
 * Gives each upgrade of an HTTP server to the door that its path belongs to,
 * and refuses the rest: several protocols share one port, so none of them may
 * listen to `upgrade` itself and cut what it does not know.
 */
export class UpgradeRouter {
  readonly #doors: Door[] = []

  add(door: Door): void {
    this.#doors.push(door)
  }

  /** Returns the way to let go of the server. */
  attach(server: Server): () => void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', ignoreError)
      const url = parseUrl(request)
      const taken = url && this.#doors.some((door) => door({ request, socket, head, url }))
      if (!taken) refuseUpgrade(socket, new NoRoute('Nothing is served at this path.'))
    }
    server.on('upgrade', onUpgrade)
    return () => server.off('upgrade', onUpgrade)
  }
}

/** Answers with the error's HTTP status and body, and ends the connection. */
export function refuseUpgrade(
  socket: Duplex,
  error: BelfryError,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify({ status: error.status, ...error.toBody() })
  const lines = [
    `HTTP/1.1 ${error.status} Refused`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function parseUrl(request: IncomingMessage): URL | null {
  return URL.parse(request.url ?? '', 'http://localhost')
}

/**
 * Errors of a socket that is being let in: a client that goes away is none of
 * ours. Whoever keeps the socket listens himself and takes this away.
 */
export function ignoreError(): void {}
