import { userChannel } from '../broadcasting/channel-name.ts'
import type { Principal } from '../context.ts'
import { keysOfScope } from '../store/keys.ts'
import { asBelfryError } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import { answeringOf } from './answering.ts'
import { ChannelHistory } from './channel-history.ts'
import { assembleChannels, type ChannelParts } from './channel-parts.ts'
import { closeAll } from './close-all.ts'
import { CLOSE } from './close-codes.ts'
import { DEFAULT_LIMITS, type Limits } from './connection-limits.ts'
import { Expiry } from './expiry.ts'
import { answerQuestions } from './fleet/fleet-questions.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { address, Hub } from './hub.ts'
import { listenForClients } from './listen-for-clients.ts'
import type { Opening } from './opening.ts'
import { Pulse } from './pulse.ts'
import { ReadGate } from './read-gate.ts'
import { RealtimeBus } from './realtime-bus.ts'
import { Session, type SessionHome, type SessionHub } from './session.ts'
import { Sockets } from './sockets.ts'

/** Session queues that are read at the same time, when everybody comes back at once. */
const READERS = 16

/**
 * The realtime gateway of one process: holds the clients of every protocol,
 * listens to the bus for what they should be told, and keeps their sessions.
 */
export class Gateway {
  readonly hub: SessionHub = new Hub()
  readonly sockets: Sockets
  readonly expiry: Expiry
  readonly #histories = new Map<string, ChannelHistory>()
  readonly #parts: GatewayParts
  readonly #limits: Limits
  readonly #home: SessionHome
  readonly #pulse: Pulse
  readonly #channels: ChannelParts
  readonly #buses = new Map<string, RealtimeBus>()
  readonly #detaching = new Set<Promise<unknown>>()
  #stopListening: () => Promise<void> = () => Promise.resolve()
  #isStopping = false

  constructor(parts: GatewayParts) {
    const { clock, log, limits = DEFAULT_LIMITS } = parts
    this.#parts = parts
    this.#limits = limits
    this.sockets = new Sockets(limits, clock, parts.onTrouble)
    this.expiry = new Expiry(clock)
    this.#pulse = new Pulse({ ...parts, hub: this.hub })
    this.#channels = assembleChannels({
      ...parts,
      node: this.sockets.node,
      hub: this.hub,
      busOf: (scope) => this.busOf(scope),
      openFeed: (opening) => this.open(opening),
    })
    this.#home = {
      channels: this.channels,
      mostChannels: limits.channels,
      historyOf: (scope) => this.historyOf(scope),
      gate: new ReadGate(READERS),
      clock,
      log,
      closed: (session) => this.#closed(session),
    }
  }

  get limits(): Limits {
    return this.#limits
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  get channels(): ChannelParts['channels'] {
    return this.#channels.channels
  }

  async start(): Promise<void> {
    const { bus, log } = this.#parts
    const { hub, sockets } = this
    const { presence, counts, watch } = this.#channels
    bus.onGap(() => {
      this.#pulse.beat(true)
      watch.onGap()
    })
    const stops = await Promise.all([
      listenForClients({ hub, sockets, presence, counts, bus, log }),
      answerQuestions({ node: sockets.node, bus, answering: answeringOf(hub, sockets), log }),
    ])
    this.#stopListening = async () => void (await Promise.all(stops.map((stop) => stop())))
    await watch.start()
  }

  /** What is kept of a tenant's channels. */
  historyOf(scope: string): ChannelHistory {
    const { store } = this.#parts
    const known = this.#histories.get(scope)
    const history = known ?? new ChannelHistory({ store, keys: keysOfScope(scope) })
    if (!known) this.#histories.set(scope, history)
    return history
  }

  /** How the processes are told of what happens to a tenant's clients. */
  busOf(scope: string): RealtimeBus {
    const { bus, clock, log } = this.#parts
    const known = this.#buses.get(scope)
    const realtime = known ?? new RealtimeBus({ bus, scope, now: () => clock.now(), log })
    if (!known) this.#buses.set(scope, realtime)
    return realtime
  }

  /** Whether a user may have one connection more; resuming a session here needs no place. */
  hasRoomFor(principal: Principal, sessionId: string | undefined): boolean {
    const { scope } = this.#parts.applicationOf(principal.tenant)
    const present = this.hub.clientsOf(address(scope, principal.id))
    const others = present.filter(({ id, protocol }) => id !== sessionId && protocol.isResumable)
    const signedIn = this.hub.countOn(address(scope, userChannel(principal.id)))
    if (others.length + signedIn < this.#limits.perUser) return true
    this.sockets.onTrouble('user_full')
    return false
  }

  /** Begins or resumes a session: live first, then what is queued, so that nothing falls between. */
  async open(opening: Opening): Promise<void> {
    const session = this.#makeSession(opening)
    const { protocol, transport } = opening
    this.#replaceHere(session)
    this.hub.add(session.address, session)
    this.expiry.add(opening.principal.expiresAt, session)
    // One that has closed meanwhile is taken back at once.
    opening.own(session)
    try {
      const welcome = await session.application.sessions.connect(session.user, {
        sessionId: session.id,
        node: this.sockets.node,
        connection: transport.id,
        acknowledges: opening.acknowledges,
        protocol: protocol.name,
        rooms: opening.rooms,
      })
      if (!transport.isOpen) return this.#detach(session)
      // The socket that held the session until now may be on another process.
      const { application, user, id } = session
      if (welcome.resumed) this.busOf(application.scope).takeOver(user, id, transport.id)
      session.send(protocol.welcome(welcome))
      for (const channel of opening.channels) await this.#joinFirst(session, channel, opening)
      session.begin()
      this.#parts.onOpened?.(protocol.name)
      const isNew = !welcome.resumed
      const seq = isNew ? welcome.seq : this.#startOf(session, opening, welcome.seq)
      await session.delivery.begin({ seq, acknowledges: welcome.acknowledges, isNew })
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a session could not begin')
      session.send(protocol.refusal(error))
      transport.close(CLOSE.unavailable, 'unavailable')
    }
  }

  /** The same person shows a newer credential. */
  renew(session: Session, principal: Principal): void {
    this.expiry.remove(session.principal.expiresAt, session)
    session.renew(principal)
    this.expiry.add(principal.expiresAt, session)
  }

  /** Closes everything, spread over `withinMs`, so that clients do not all come back at once. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true
    await closeAll(this.sockets, { clock: this.#parts.clock, withinMs })
    this.#channels.feeds.stop()
    this.#channels.counts.stop()
    this.sockets.stop()
    this.expiry.stop()
    this.#pulse.stop()
    await this.#channels.watch.stop()
    await this.#stopListening()
    await Promise.allSettled(this.#detaching)
  }

  /** What lies behind a client that comes back: what it says, unless that cannot be. */
  #startOf({ application, user, id }: Session, { hasUpTo }: Opening, seq: number): number {
    if (hasUpTo === null || hasUpTo > seq) return 0
    application.sessions.acknowledge(user, id, hasUpTo).catch((error: unknown) => {
      this.#parts.log.debug({ err: error }, 'a session queue could not be shortened')
    })
    return hasUpTo
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

  async #joinFirst(session: Session, channel: string, { places }: Opening): Promise<void> {
    try {
      await session.subscribe(channel, places?.get(channel) ?? null)
    } catch (error) {
      session.send(session.protocol.refusal(error))
      const comesBack = asBelfryError(error).retryable
      session.transport.close(comesBack ? CLOSE.unavailable : CLOSE.forbidden, 'channel refused')
    }
  }

  /** A client that comes back before its old socket is known to be dead takes its place. */
  #replaceHere(session: Session): void {
    for (const other of this.hub.clientsOf(session.address)) {
      if (other.id === session.id) other.transport.close(CLOSE.takenOver, 'opened elsewhere')
    }
  }

  #closed(session: Session): void {
    this.hub.remove(session.address, session)
    this.expiry.remove(session.principal.expiresAt, session)
    this.#detach(session)
  }

  #detach(session: Session): void {
    const { application, user, id, transport, protocol } = session
    const { sessions } = application
    const detached: Promise<unknown> = (
      protocol.isResumable ? sessions.detach(user, id, transport.id) : sessions.disconnect(user, id)
    )
      .catch((error: unknown) => {
        this.#parts.log.debug({ err: error }, 'a session could not be marked as away')
      })
      .finally(() => this.#detaching.delete(detached))
    this.#detaching.add(detached)
  }
}
