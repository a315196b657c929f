import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { asBelfryError, type BelfryError, Unauthenticated } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'

const RETRY_SECONDS = 5
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }

/** A request to leave HTTP, as the server hands it over. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly url: URL
}

/** Takes an upgrade whose path is its own; `false`: it is not. */
export type Door = (upgrade: Upgrade) => boolean

/** Refuses an upgrade for whatever was thrown on the way. */
export function refuse({ socket }: Upgrade, error: unknown, log: Logger): void {
  const known = asBelfryError(error)
  if (known.code === 'internal') log.error({ err: error }, 'an upgrade failed')
  const retry = known.retryable ? { 'Retry-After': String(RETRY_SECONDS) } : {}
  refuseUpgrade(socket, known, known instanceof Unauthenticated ? CHALLENGE : retry)
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

/**
 * Errors of a socket that is being let in: a client that goes away is none of
 * ours. Whoever keeps the socket listens himself and takes this away.
 */
export function ignoreError(): void {}
