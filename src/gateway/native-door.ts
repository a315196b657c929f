import { type Server, WebSocketServer } from 'ws'
import type { Principal } from '../context.ts'
import {
  asBelfryError,
  Forbidden,
  InvalidPayload,
  Unauthenticated,
  Unavailable,
} from '../support/errors.ts'
import { isSafeId } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Authenticate } from './application.ts'
import { CLOSE } from './close-codes.ts'
import { type Connection, GatewaySocket } from './connection.ts'
import { TooManyConnections } from './connection-limits.ts'
import { readCredential, SUBPROTOCOL } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { Greeting } from './greeting.ts'
import { isOriginAllowed, type Origins } from './origin.ts'
import { NativeProtocol } from './protocols/native.ts'
import { type Door, ignoreError, refuseUpgrade, type Upgrade } from './upgrade.ts'

const MAX_MESSAGE_BYTES = 64 * 1024
const CLOSE_PATIENCE_MS = 2000
/** How long a client may stay without saying who it is. */
const UNKNOWN_FOR_MS = 5000
const RETRY_SECONDS = 5

interface Parts {
  readonly gateway: Gateway
  readonly authenticate: Authenticate
  readonly origins: Origins
  /** The client's address, behind proxies that count. */
  readonly addressOf: (upgrade: Upgrade) => string
  readonly log: Logger
  /** Whether to offer permessage-deflate. */
  readonly compression: boolean
}

/** What the address of a socket asks for. */
interface Asked {
  readonly sessionId: string | undefined
  readonly acknowledges: boolean
  readonly channels: readonly string[]
  readonly pathUser: string | null
}

/** Lets native clients in: `/ws`, `/ws/user/{user_id}`, `/ws/chat/{room_id}`. */
export class NativeDoor {
  readonly #parts: Parts
  readonly #server: Server<typeof GatewaySocket>
  readonly #protocol: NativeProtocol
  readonly #greetings = new Set<Greeting>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#protocol = new NativeProtocol({
      authenticate: parts.authenticate,
      onRenewed: (session, principal) => parts.gateway.renewed(session, principal),
      log: parts.log,
    })
    this.#server = new WebSocketServer(serverOptions(parts.compression))
  }

  /** Takes upgrades to its paths. */
  readonly door: Door = (upgrade) => {
    const asked = readAddress(upgrade.url)
    if (asked === null) return false
    upgrade.socket.on('error', ignoreError)
    this.#enter(upgrade, asked).catch((error: unknown) => this.#refuse(upgrade, error))
    return true
  }

  /** Sends away those who have not said who they are. */
  stop(): void {
    for (const greeting of this.#greetings) greeting.end(CLOSE.restarting, 'restarting')
  }

  async #enter(upgrade: Upgrade, asked: Asked): Promise<void> {
    const { gateway, origins } = this.#parts
    const { origin, host } = upgrade.request.headers
    if (gateway.isStopping) throw new Unavailable('The server is stopping.')
    if (!isOriginAllowed(origins, origin, host)) {
      throw new Forbidden('Pages of this origin may not connect.')
    }
    if (asked.sessionId !== undefined && !isSafeId(asked.sessionId)) {
      throw new InvalidPayload('The session_id is not valid.')
    }
    const from = this.#parts.addressOf(upgrade)
    gateway.sockets.enter(from)
    let isIn = false
    try {
      const principal = await this.#authenticate(upgrade, asked)
      if (upgrade.socket.destroyed) return
      if (principal && !gateway.hasRoomFor(principal, asked.sessionId)) {
        throw new TooManyConnections('You have too many connections.')
      }
      isIn = this.#accept(upgrade, from, asked, principal)
    } finally {
      if (!isIn) gateway.sockets.leave(from)
    }
  }

  /** Somebody whose credential cannot be looked at in time is as good as unknown. */
  async #authenticate({ request, url, socket }: Upgrade, asked: Asked): Promise<Principal | null> {
    const { gateway, authenticate } = this.#parts
    const tooLate = gateway.expiry.after(UNKNOWN_FOR_MS, () => socket.destroy())
    try {
      return assertSafe(await authenticate(readCredential(request, url, asked.pathUser)))
    } finally {
      tooLate()
    }
  }

  /** `false`: the handshake was wrong, and ws has said so. */
  #accept(
    { request, socket, head }: Upgrade,
    from: string,
    asked: Asked,
    principal: Principal | null,
  ): boolean {
    // A smaller window would need bytes of its own; such clients get plain frames.
    if (request.headers['sec-websocket-extensions']?.includes('server_max_window_bits')) {
      delete request.headers['sec-websocket-extensions']
    }
    let connection: Connection | null = null
    socket.off('error', ignoreError) // from here on ws listens
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      connection = this.#parts.gateway.sockets.add(ws, socket, from)
      if (principal) this.#open(connection, asked, principal)
      else this.#greet(connection, asked)
    })
    return connection !== null
  }

  #open(
    connection: Connection,
    asked: Asked,
    principal: Principal,
    waiting: readonly string[] = [],
  ): void {
    void this.#parts.gateway.open({
      principal,
      protocol: this.#protocol,
      transport: connection,
      sessionId: asked.sessionId,
      acknowledges: asked.acknowledges,
      channels: asked.channels,
      hasUpTo: null,
      own: (owner) => {
        connection.own(owner)
        for (const text of waiting) owner.onText(text)
      },
    })
  }

  #greet(connection: Connection, asked: Asked): void {
    const { gateway, authenticate } = this.#parts
    const greeting = new Greeting({
      transport: connection,
      protocol: this.#protocol,
      authenticate: async (credential) => assertSafe(await authenticate(credential)),
      onKnown: (principal, waiting) => {
        this.#greetings.delete(greeting)
        cancel()
        if (gateway.hasRoomFor(principal, asked.sessionId)) {
          this.#open(connection, asked, principal, waiting)
        } else {
          connection.close(CLOSE.tooMany, 'too many connections')
        }
      },
      onClosed: () => {
        this.#greetings.delete(greeting)
        cancel()
      },
    })
    const cut = () => greeting.end(CLOSE.unauthenticated, 'nobody said who is there')
    const cancel = gateway.expiry.after(UNKNOWN_FOR_MS, cut)
    this.#greetings.add(greeting)
    connection.own(greeting)
  }

  #refuse({ socket }: Upgrade, error: unknown): void {
    const known = asBelfryError(error)
    if (known.code === 'internal') this.#parts.log.error({ err: error }, 'an upgrade failed')
    const retry = known.retryable ? { 'Retry-After': String(RETRY_SECONDS) } : {}
    refuseUpgrade(socket, known, known instanceof Unauthenticated ? CHALLENGE : retry)
  }
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }

/** A user's id becomes part of keys and names. */
function assertSafe(principal: Principal | null): Principal | null {
  if (principal === null || isSafeId(principal.id)) return principal
  throw new InvalidPayload('The user id is not valid.')
}

function serverOptions(compression: boolean) {
  return {
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSE_PATIENCE_MS,
    WebSocket: GatewaySocket,
    handleProtocols: (offered: Set<string>): string | false =>
      offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false,
    perMessageDeflate: compression && {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    },
  }
}

/** `null`: not one of ours. */
function readAddress({ pathname, searchParams }: URL): Asked | null {
  const match = /^\/ws(?:\/(user|chat)\/([^/]+))?\/?$/.exec(pathname)
  if (!match) return null
  const [, kind, encoded] = match
  const id = encoded === undefined ? null : decode(encoded)
  if (encoded !== undefined && !isSafeId(id)) return null
  return {
    sessionId: searchParams.get('session_id') ?? undefined,
    acknowledges: ['1', 'true'].includes(searchParams.get('ack') ?? ''),
    channels: channelsOf(kind, id),
    pathUser: kind === 'user' ? id : null,
  }
}

/** A chat room is where its members see one another, and a plain channel for what is said there. */
function channelsOf(kind: string | undefined, id: string | null): string[] {
  if (kind === 'user') return [`user.${id}`]
  return kind === 'chat' ? [`chat.room.${id}`, `presence-chat.room.${id}`] : []
}

function decode(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}
