import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Server, type Socket } from 'socket.io'
import type { Principal } from '../context.ts'
import type { Clock } from '../support/clock.ts'
import { asBelfryError, messageOf, Unauthenticated } from '../support/errors.ts'
import { isSafeId, uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Application, Authenticate } from './application.ts'
import { TooManyConnections } from './connection-limits.ts'
import type { Gateway } from './gateway.ts'
import { Commands } from './protocols/commands.ts'
import { readHandshake, type SocketIoHandshake } from './protocols/socketio/handshake.ts'
import { NOTHING, type Restored, restoreRooms } from './protocols/socketio/restore-rooms.ts'
import { type SocketIoHome, SocketIoProtocol } from './protocols/socketio/socketio-protocol.ts'
import { Whispers } from './protocols/socketio/whispers.ts'
import { isUnbroken } from './resumption.ts'
import { type EngineSocket, SocketIoConnection } from './socketio-connection.ts'
import type { Door } from './upgrade.ts'

/** How long a client may stay without saying who it is. */
const UNKNOWN_FOR_MS = 5000
const MAX_MESSAGE_BYTES = 64 * 1024
/** The rhythm of `Heartbeat`. */
const PING_INTERVAL_MS = 25_000
const PING_TIMEOUT_MS = 8000

interface Parts {
  readonly gateway: Gateway
  /** The application of one tenant. */
  readonly applicationOf: (tenant: string) => Application
  readonly authenticate: Authenticate
  /** Who comes without a credential; `null`: nobody may. */
  readonly nobody: Principal | null
  readonly allowsOrigin: (headers: IncomingHttpHeaders) => boolean
  /** The client's address, behind proxies that count. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly clock: Clock
  readonly log: Logger
}

/** What is known of a client between its handshake and its session. */
interface Known {
  readonly principal: Principal
  readonly sessionId: string
  readonly hasUpTo: number | null
  readonly acknowledges: boolean
  /** Channels that its roles put it onto. */
  readonly channels: readonly string[]
  readonly restored: Restored
}

/**
 * Lets Socket.IO clients in: `/socket.io/`, by polling or WebSocket. The library
 * does the handshake, the transports and the heartbeat; who a client is, what it
 * is told and how it resumes is the gateway's, as with every other protocol.
 */
export class SocketIoDoor {
  readonly #parts: Parts
  readonly #io: Server
  readonly #home: SocketIoHome
  readonly #connections = new WeakMap<EngineSocket, SocketIoConnection>()
  readonly #known = new WeakMap<Socket, Known>()
  /** Connections whose client has said who it is: each is one session. */
  readonly #entered = new WeakSet<EngineSocket>()

  constructor(parts: Parts) {
    const { gateway, authenticate, clock, log } = parts
    this.#parts = parts
    const renew: Gateway['renew'] = (session, principal) => gateway.renew(session, principal)
    this.#home = {
      commands: new Commands({ authenticate, renew }),
      whispers: new Whispers({ busOf: (scope) => gateway.busOf(scope), clock }),
      log,
    }
    // Requests are handed to it: it must not listen beside the other doors.
    this.#io = new Server(createServer(), {
      serveClient: false,
      connectTimeout: UNKNOWN_FOR_MS,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      allowRequest: (request, answer) => {
        const objection = this.#objectionTo(request)
        answer(objection, objection === null)
      },
    })
    this.#io.engine.on('connection', (engine: EngineSocket) => this.#onConnection(engine))
    this.#io.use((socket, next) => {
      const { conn } = socket
      // One that is being let in, or is in, has no business to knock again.
      if (this.#entered.has(conn)) return conn.close()
      this.#entered.add(conn)
      this.#identify(socket).then(
        () => next(),
        (error: unknown) => this.#refuse(socket, error, next),
      )
    })
    this.#io.on('connection', (socket) => this.#open(socket))
  }

  /** Takes upgrades to its path. */
  readonly door: Door = ({ request, socket, head, url }) => {
    if (!/^\/socket\.io\/?$/.test(url.pathname)) return false
    this.#io.engine.handleUpgrade(request as never, socket, head)
    return true
  }

  /** Answers requests of clients that poll. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#io.engine.handleRequest(request as never, response as never)
  }

  /** Cuts what is left, its timers too. */
  stop(): void {
    this.#io.engine.close()
  }

  /** Why a client is not let in; `null`: it is. */
  #objectionTo(request: IncomingMessage): string | null {
    const { gateway, allowsOrigin, addressOf } = this.#parts
    if (gateway.isStopping) return 'The server is stopping.'
    if (!allowsOrigin(request.headers)) return 'Pages of this origin may not connect.'
    const from = addressOf(request)
    try {
      gateway.sockets.enter(from)
      gateway.sockets.leave(from) // it enters once its connection is there
      return null
    } catch (error) {
      return messageOf(error)
    }
  }

  #onConnection(engine: EngineSocket): void {
    const { sockets } = this.#parts.gateway
    const from = this.#parts.addressOf(engine.request)
    try {
      sockets.enter(from)
    } catch {
      engine.close()
      return
    }
    const connection = new SocketIoConnection({ engine, sockets, from })
    sockets.hold(connection)
    this.#connections.set(engine, connection)
  }

  /** Throws what the client hears as `connect_error`. */
  async #identify(socket: Socket): Promise<void> {
    const { gateway, applicationOf, authenticate, nobody } = this.#parts
    const asked = readHandshake(socket.request, socket.handshake.auth)
    const principal = (await authenticate(asked.credential)) ?? nobody
    if (principal === null) throw new Unauthenticated('Say who you are: auth: {token}.')
    if (!isSafeId(principal.id)) throw new Unauthenticated('The user id is not valid.')
    const { sessionId, pid, restored } = await this.#resume(principal, asked)
    if (!gateway.hasRoomFor(principal, sessionId)) {
      throw new TooManyConnections('You have too many connections.')
    }
    const { hasUpTo, acknowledges } = asked
    const channels = await applicationOf(principal.tenant).roomsOf(principal)
    const known = { principal, sessionId, hasUpTo, acknowledges, channels, restored }
    this.#known.set(socket, known)
    // The library's own recovery names the place to come back to so; ours is the session queue.
    ;(socket as unknown as { pid: string }).pid = pid
  }

  /** To a client that gets another `pid` than it showed the library says `recovered: false`. */
  async #resume(
    principal: Principal,
    { sessionId: session, hasUpTo, pid, places: shows }: SocketIoHandshake,
  ) {
    const application = this.#parts.applicationOf(principal.tenant)
    const { sessions, scope } = application
    const user = principal.id
    const fresh = uuidv7(this.#parts.clock.now())
    if (session === null) return { sessionId: fresh, pid: fresh, restored: NOTHING }
    const another = pid === null ? session : `${session}/${fresh}`
    const lost = await sessions.touch([{ user, session }])
    // A name of the client's own begins a session, but what it had is gone.
    if (lost.length > 0) return { sessionId: session, pid: another, restored: NOTHING }
    const history = this.#parts.gateway.historyOf(scope)
    const restored =
      pid === null
        ? NOTHING
        : await restoreRooms({ application, history }, principal, { session, shows })
    const isWhole = await isUnbroken(sessions, { user, session, offset: hasUpTo ?? 0 })
    return {
      sessionId: session,
      pid: isWhole && restored.isWhole ? (pid ?? session) : another,
      restored,
    }
  }

  #open(socket: Socket): void {
    const { gateway } = this.#parts
    const connection = this.#connections.get(socket.conn)
    const known = this.#known.get(socket)
    if (connection === undefined || known === undefined) {
      socket.disconnect(true)
      return
    }
    const { channels, restored, ...rest } = known
    void gateway.open({
      ...rest,
      protocol: new SocketIoProtocol(this.#home, restored),
      transport: connection,
      channels: [...new Set([...channels, ...Object.keys(restored.rooms)])],
      rooms: restored.rooms,
      places: restored.places,
      own: (owner) => connection.own(owner),
    })
  }

  /**
   * The client hears the message, and `data` with the code. It does not come back by
   * itself after that: who cannot be served just now is cut instead, and does.
   */
  #refuse(socket: Socket, error: unknown, next: (error: Error) => void): void {
    const known = asBelfryError(error)
    this.#entered.delete(socket.conn)
    if (known.code === 'internal') this.#parts.log.error({ err: error }, 'a handshake failed')
    if (known.code === 'unavailable') socket.conn.close()
    else next(Object.assign(new Error(known.message), { data: known.toBody() }))
  }
}
