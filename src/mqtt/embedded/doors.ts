import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Conflict } from '../../support/errors.ts'

/** PEM texts. With `ca`, clients have to show a certificate that it signed. */
export interface TlsFiles {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly ca?: string | Buffer
}

export interface DoorOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: TlsFiles
  /** The variable to change when the port is taken. */
  readonly variable: string
  readonly onConnection: (socket: Socket) => void
  readonly onError: (error: Error) => void
}

/** A TCP or TLS listener. */
export interface Door {
  readonly port: number
  /** Lets nobody in any more; who is in stays. */
  close(): void
}

/** Half-open peers are found by TCP itself, also those that asked for no keep-alive. */
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }
const BACKLOG = 4096
const HANDSHAKE_MS = 10_000

/** Opens a door. Rejects with `Conflict` when the port is taken. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const server = options.tls ? tlsServer(options, options.tls) : createServer(SOCKET)
  if (!options.tls) server.on('connection', options.onConnection)
  server.listen({ host: options.host, port: options.port, backlog: BACKLOG })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw startError(options, error)
  }
  server.on('error', options.onError)
  return { port: portOf(server), close: () => void server.close() }
}

function tlsServer(options: DoorOptions, { cert, key, ca }: TlsFiles): Server {
  const authority = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }
  const server = createTlsServer(
    { ...SOCKET, cert, key, ...authority, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS },
    options.onConnection,
  )
  // A handshake that fails is the client's affair; its socket is closed by then.
  server.on('tlsClientError', options.onError)
  return server
}

function startError({ host, port, variable }: DoorOptions, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'EADDRINUSE') return cause
  return new Conflict(
    `Port ${port} on ${host} is taken: set ${variable} to another one, or end what listens there.`,
    { cause },
  )
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
