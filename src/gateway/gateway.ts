import type { Principal } from '../context.ts'
import type { Bus } from '../store/bus.ts'
import type { Clock } from '../support/clock.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Application } from './application.ts'
import { CLOSE } from './close-codes.ts'
import { DEFAULT_LIMITS, type Limits } from './connection-limits.ts'
import { Expiry } from './expiry.ts'
import { address, Hub } from './hub.ts'
import { listenForClients } from './listen-for-clients.ts'
import type { Protocol } from './protocol.ts'
import { Pulse } from './pulse.ts'
import { ReadGate } from './read-gate.ts'
import { RealtimeBus } from './realtime-bus.ts'
import { Session, type SessionHome, type SessionHub } from './session.ts'
import { Sockets } from './sockets.ts'
import type { Transport, TransportOwner } from './transport.ts'

/** Session queues that are read at the same time, when everybody comes back at once. */
const READERS = 16

export interface GatewayParts {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly limits?: Limits
  /** The application of one tenant. */
  readonly applicationOf: (tenant: string) => Application
}

/** How a client comes in, once it is known who it is. */
export interface Opening {
  readonly principal: Principal
  readonly protocol: Protocol<Session>
  readonly transport: Transport
  /** Resumes this session. */
  readonly sessionId: string | undefined
  readonly acknowledges: boolean
  /** A broadcast channel to join at once. */
  readonly channel: string | null
  /** Takes over from whoever owned the transport until now. */
  own(owner: TransportOwner): void
}

/**
 * The realtime gateway of one process: holds the clients of every protocol,
 * listens to the bus for what they should be told, and keeps their sessions.
 */
export class Gateway {
  readonly hub: SessionHub = new Hub()
  readonly sockets: Sockets
  readonly expiry: Expiry
  readonly #parts: GatewayParts
  readonly #limits: Limits
  readonly #home: SessionHome
  readonly #pulse: Pulse
  readonly #expiries = new Map<Session, () => void>()
  readonly #detaching = new Set<Promise<void>>()
  #stopListening = () => Promise.resolve()
  #isStopping = false

  constructor(parts: GatewayParts) {
    const { clock, log, limits = DEFAULT_LIMITS } = parts
    this.#parts = parts
    this.#limits = limits
    this.sockets = new Sockets(limits, clock)
    this.expiry = new Expiry(clock)
    this.#pulse = new Pulse({ ...parts, hub: this.hub })
    this.#home = {
      hub: this.hub,
      mostChannels: limits.channels,
      gate: new ReadGate(READERS),
      clock,
      log,
      closed: (session) => this.#closed(session),
    }
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  async start(): Promise<void> {
    const { bus, log } = this.#parts
    bus.onGap(() => this.#pulse.beat())
    this.#stopListening = await listenForClients({ hub: this.hub, bus, log })
  }

  /** Whether a user may have one connection more; resuming a session here needs no place. */
  hasRoomFor(principal: Principal, sessionId: string | undefined): boolean {
    const { scope } = this.#parts.applicationOf(principal.tenant)
    const present = this.hub.clientsOf(address(scope, principal.id))
    const others = present.filter(({ id }) => id !== sessionId)
    return others.length < this.#limits.perUser
  }

  /** Begins or resumes a session: live first, then what is queued, so that nothing falls between. */
  async open(opening: Opening): Promise<void> {
    const session = this.#makeSession(opening)
    const { protocol, transport } = opening
    this.#replaceHere(session)
    this.hub.add(session.address, session)
    opening.own(session)
    this.renewed(session, opening.principal)
    try {
      const welcome = await session.application.sessions.connect(session.user, {
        sessionId: session.id,
        node: this.sockets.node,
        connection: transport.id,
        acknowledges: opening.acknowledges,
      })
      if (!transport.isOpen) return this.#detach(session)
      if (welcome.resumed) this.#takeOverElsewhere(session)
      session.send(protocol.welcome(welcome))
      if (opening.channel !== null) await this.#joinFirst(session, opening.channel, protocol)
      session.begin()
      const isNew = !welcome.resumed
      const seq = isNew ? welcome.seq : 0
      await session.delivery.begin({ seq, acknowledges: welcome.acknowledges, isNew })
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a session could not begin')
      session.send(protocol.refusal(error))
      transport.close(CLOSE.unavailable, 'unavailable')
    }
  }

  /** A client is known by a credential that may end. */
  renewed(session: Session, { expiresAt }: Principal): void {
    this.#expiries.get(session)?.()
    this.#expiries.delete(session)
    if (expiresAt === null) return
    const cut = () => session.transport.close(CLOSE.unauthenticated, 'token expired')
    this.#expiries.set(session, this.expiry.at(expiresAt, cut))
  }

  /** Closes everything, spread over `withinMs`, so that clients do not all come back at once. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true
    const { clock } = this.#parts
    const sessions = [...this.hub.clients()]
    const startedAt = clock.now()
    const spreadMs = withinMs * 0.8
    for (const [index, session] of sessions.entries()) {
      await this.#waitUntil(startedAt + (index * spreadMs) / sessions.length)
      session.transport.close(CLOSE.restarting, 'restarting')
    }
    while (this.sockets.total > 0 && clock.now() < startedAt + withinMs) {
      await this.#waitUntil(clock.now() + 10)
    }
    for (const session of this.hub.clients()) session.transport.terminate()
    this.sockets.stop()
    this.expiry.stop()
    this.#pulse.stop()
    await this.#stopListening()
    await Promise.allSettled(this.#detaching)
  }

  #makeSession({ principal, protocol, transport, sessionId }: Opening): Session {
    return new Session({
      id: sessionId ?? uuidv7(this.#parts.clock.now()),
      principal,
      application: this.#parts.applicationOf(principal.tenant),
      protocol,
      transport,
      home: this.#home,
    })
  }

  async #joinFirst(session: Session, channel: string, protocol: Protocol<Session>): Promise<void> {
    try {
      await session.subscribe(channel)
    } catch (error) {
      session.send(protocol.refusal(error))
      session.transport.close(CLOSE.forbidden, 'channel refused')
    }
  }

  /** A client that comes back before its old socket is known to be dead takes its place. */
  #replaceHere(session: Session): void {
    for (const other of this.hub.clientsOf(session.address)) {
      if (other.id === session.id) other.transport.close(CLOSE.takenOver, 'opened elsewhere')
    }
  }

  /** The socket that held the session until now may be on another process. */
  #takeOverElsewhere({ application, user, id, transport }: Session): void {
    const { bus, clock, log } = this.#parts
    const { scope } = application
    new RealtimeBus({ bus, scope, now: () => clock.now(), log }).takeOver(user, id, transport.id)
  }

  #closed(session: Session): void {
    this.hub.remove(session.address, session)
    this.#expiries.get(session)?.()
    this.#expiries.delete(session)
    this.#detach(session)
  }

  #detach(session: Session): void {
    const { sessions } = session.application
    const detached = sessions
      .detach(session.user, session.id, session.transport.id)
      .catch((error: unknown) => {
        this.#parts.log.debug({ err: error }, 'a session could not be marked as away')
      })
      .finally(() => this.#detaching.delete(detached))
    this.#detaching.add(detached)
  }

  #waitUntil(moment: number): Promise<void> {
    const waitMs = moment - this.#parts.clock.now()
    if (waitMs <= 0) return Promise.resolve()
    return new Promise((go) => void this.#parts.clock.after(waitMs, go))
  }
}
