import { readChannelName } from '../broadcasting/channel-name.ts'
import type { Principal } from '../context.ts'
import { InvalidJson, InvalidPayload } from '../support/errors.ts'
import type { Application } from './application.ts'
import { assertMayJoin } from './channel-access.ts'
import { type ChannelHistory, ownerOfHistory } from './channel-history.ts'
import type { Channels, Membership } from './channels.ts'
import type { Described } from './client-info.ts'
import { CLOSE } from './close-codes.ts'
import { Continuity, type Placed } from './continuity.ts'
import { Delivery, type DeliveryHome } from './delivery.ts'
import type { Expiring } from './expiry.ts'
import type { Frame } from './frame.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import { handleWaiting, hear, type Listening } from './inbound.ts'
import type { Outbound } from './outbound.ts'
import type { Position } from './position.ts'
import type { Protocol } from './protocol.ts'
import type { Transport, TransportOwner } from './transport.ts'

const NONE: readonly string[] = []
const UNBROKEN: readonly Continuity[] = []

export type SessionHub = Hub<Outbound, Session>

/** What all sessions of a process have in common. */
export interface SessionHome extends DeliveryHome {
  readonly channels: Channels
  /** Broadcast channels that one connection may be on. */
  readonly mostChannels: number
  readonly historyOf: (scope: string) => ChannelHistory
  closed(session: Session): void
}

interface Parts {
  readonly id: string
  readonly principal: Principal
  readonly application: Application
  readonly protocol: Protocol<Session>
  readonly transport: Transport
  readonly home: SessionHome
}

/** One connected client: who it is, what it is on, and its messages one after the other. */
export class Session implements Receiver<Outbound>, TransportOwner, Listening, Expiring {
  readonly id: string
  readonly application: Application
  readonly protocol: Protocol<Session>
  readonly transport: Transport
  readonly delivery: Delivery
  readonly #home: SessionHome
  #principal: Principal
  #channels: readonly string[] = NONE
  #continuities = UNBROKEN
  #isReady = false
  waiting: string[] | null = null

  constructor(parts: Parts) {
    this.id = parts.id
    this.application = parts.application
    this.protocol = parts.protocol
    this.transport = parts.transport
    this.#home = parts.home
    this.#principal = parts.principal
    this.delivery = new Delivery(this, parts.home)
  }

  get principal(): Principal {
    return this.#principal
  }

  get user(): string {
    return this.#principal.id
  }

  /** The user as the hub knows it. */
  get address(): string {
    return address(this.application.scope, this.#principal.id)
  }

  get channels(): readonly string[] {
    return this.#channels
  }

  /** The same person with a newer credential. */
  renew(principal: Principal): void {
    this.#principal = principal
  }

  /** Messages of the client are handled from now on. */
  begin(): void {
    this.#isReady = true
    void handleWaiting(this)
  }

  get isReady(): boolean {
    return this.#isReady
  }

  send(frame: Frame): void {
    this.transport.send(frame)
  }

  receive(message: Outbound): void {
    const { kind } = message.content
    if (kind === 'user') {
      this.delivery.receive(message)
      return
    }
    if (kind === 'end') {
      this.transport.close(CLOSE.ended, 'terminated')
      return
    }
    if (kind === 'event' && this.#continuities.length > 0) {
      const { channel } = message.content
      const continuity = this.#continuities.find((each) => each.channel === channel)
      if (continuity) {
        continuity.receive(message)
        return
      }
    }
    this.#show(message)
  }

  #show(message: Outbound): void {
    const frame = message.frame(this.protocol)
    if (frame !== null) this.transport.send(frame)
  }

  /**
   * Joins a channel. On a user's own it answers with the client's place there; with
   * `from`, what came after that is shown before. Throws `InvalidPayload`,
   * `Forbidden`, or `Unavailable`.
   */
  async subscribe(channel: string, from: Position | null = null): Promise<Placed | null> {
    if (this.#channels.includes(channel)) return this.placeOn(channel)
    this.#assertRoom()
    const info = await assertMayJoin(this.application, this.#principal, channel)
    this.#assertRoom()
    if (!this.transport.isOpen || this.#channels.includes(channel)) return this.placeOn(channel)
    this.#channels = this.#channels.concat(channel) // spreading would keep room for 16 more
    const membership = this.#membership(channel, JSON.stringify(info))
    const isOpen = () => this.transport.isOpen && this.#channels.includes(channel)
    let isJoined = false
    try {
      const continuity = ownerOfHistory(channel) === null ? null : this.#follow(channel)
      await continuity?.locate(from)
      const present = await this.#home.channels.join({ ...membership, isOpen })
      isJoined = true
      if (present !== null && membership.member !== null) {
        this.send(this.protocol.present(channel, present))
      }
      return (await continuity?.begin(from !== null)) ?? null
    } catch (error) {
      if (isJoined) this.unsubscribe(channel)
      else this.#forget(channel)
      throw error
    }
  }

  unsubscribe(channel: string): void {
    if (!this.#channels.includes(channel)) return
    this.#forget(channel)
    this.#home.channels.leave(this.#membership(channel, '{}'))
  }

  #forget(channel: string): void {
    this.#channels = this.#channels.filter((each) => each !== channel)
    if (this.#continuities.length === 0) return
    this.#continuities = this.#continuities.filter((each) => each.channel !== channel)
  }

  #follow(channel: string): Continuity {
    const { historyOf, clock, log } = this.#home
    const history = historyOf(this.application.scope)
    const show = (message: Outbound) => this.#show(message)
    const { transport } = this
    const continuity = new Continuity({ channel, history, transport, show, clock, log })
    this.#continuities = [...this.#continuities, continuity]
    return continuity
  }

  /** Where it stands on one of its user's own channels; `null`: nowhere. */
  placeOn(channel: string): Placed | null {
    return this.#continuities.find((each) => each.channel === channel)?.position ?? null
  }

  #membership(channel: string, info: string): Membership {
    const isPresence = readChannelName(channel).kind === 'presence'
    return {
      place: { scope: this.application.scope, channel },
      client: this,
      member: isPresence ? { id: this.user, info } : null,
      needsFeed: false,
    }
  }

  onText(text: string): void {
    hear(this, text)
  }

  handle(text: string): Promise<void> {
    return this.protocol.receive(this, text)
  }

  onBinary(): void {
    this.send(this.protocol.refusal(new InvalidJson('Messages are JSON text.')))
  }

  onBeat(): void {
    this.delivery.beforePing()
    if (this.protocol.beat !== null) this.send(this.protocol.beat)
  }

  onPong(): void {
    this.delivery.onPong()
  }

  describe(): Described {
    const { id, user, channels, protocol } = this
    return { id, protocol: protocol.name, scope: this.application.scope, user, channels }
  }

  onExpired(): void {
    const { expiresAt } = this.#principal
    if (expiresAt === null || expiresAt > this.#home.clock.now()) return // it was renewed
    this.transport.close(CLOSE.unauthenticated, 'token expired')
  }

  onDismissed(): void {
    this.transport.close(CLOSE.ended, 'dismissed')
  }

  /** The store knows it no longer: the client starts anew. */
  onLost(): void {
    this.transport.close(CLOSE.unavailable, 'session lost')
  }

  onClosed(): void {
    for (const channel of this.channels) this.unsubscribe(channel)
    this.waiting = null
    this.#home.closed(this)
  }

  #assertRoom(): void {
    const most = this.#home.mostChannels
    if (this.#channels.length < most) return
    throw new InvalidPayload(`A connection may be on ${most} channels at most.`)
  }
}
