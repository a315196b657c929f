import type { Principal } from '../context.ts'
import { InvalidJson, InvalidPayload } from '../support/errors.ts'
import type { Application } from './application.ts'
import { assertMayJoin } from './channel-access.ts'
import { CLOSE } from './close-codes.ts'
import type { Delivery } from './delivery.ts'
import type { Frame } from './frame.ts'
import { address, type Hub, type Receiver } from './hub.ts'
import type { Outbound } from './outbound.ts'
import type { Protocol } from './protocol.ts'
import type { Transport, TransportOwner } from './transport.ts'

/** A client that sends faster than it is served is not read any further. */
const MOST_WAITING = 64

export type SessionHub = Hub<Outbound, Session>

interface Parts {
  readonly id: string
  readonly principal: Principal
  readonly application: Application
  readonly protocol: Protocol
  readonly transport: Transport
  readonly hub: SessionHub
  readonly mostChannels: number
  /** `null` for protocols whose clients have no queue. */
  readonly delivery: Delivery | null
  readonly onClosed: (session: Session) => void
}

/** One connected client: who it is, what it is on, and its messages one after the other. */
export class Session implements Receiver<Outbound>, TransportOwner {
  readonly id: string
  readonly #parts: Parts
  #principal: Principal
  #channels: Set<string> | null = null
  #waiting: string[] | null = null
  /** Messages wait while one is handled, and until the session has begun. */
  #isBusy = true

  constructor(parts: Parts) {
    this.id = parts.id
    this.#parts = parts
    this.#principal = parts.principal
  }

  get principal(): Principal {
    return this.#principal
  }

  get application(): Application {
    return this.#parts.application
  }

  get transport(): Transport {
    return this.#parts.transport
  }

  get delivery(): Delivery | null {
    return this.#parts.delivery
  }

  get user(): string {
    return this.#principal.id
  }

  /** The user as the hub knows it. */
  get address(): string {
    return address(this.#parts.application.scope, this.#principal.id)
  }

  get channels(): ReadonlySet<string> {
    return this.#channels ?? new Set()
  }

  /** The same person with a newer credential. */
  renew(principal: Principal): void {
    this.#principal = principal
  }

  /** Messages of the client are handled from now on. */
  begin(): void {
    this.#isBusy = false
    void this.#work()
  }

  send(frame: Frame): void {
    this.#parts.transport.send(frame)
  }

  receive(message: Outbound): void {
    if (message.content.kind === 'user' && this.#parts.delivery !== null) {
      this.#parts.delivery.receive(message)
      return
    }
    const frame = message.frame(this.#parts.protocol)
    if (frame !== null) this.#parts.transport.send(frame)
  }

  /** Throws `InvalidPayload`, or `Forbidden`. */
  async subscribe(channel: string): Promise<void> {
    const { application, hub, mostChannels, transport } = this.#parts
    if (this.channels.has(channel)) return
    this.#assertRoom(mostChannels)
    await assertMayJoin(application, this.#principal, channel)
    this.#assertRoom(mostChannels)
    if (!transport.isOpen) return
    this.#channels ??= new Set()
    this.#channels.add(channel)
    hub.subscribe(address(application.scope, channel), this)
  }

  unsubscribe(channel: string): void {
    if (!this.#channels?.delete(channel)) return
    this.#parts.hub.unsubscribe(address(this.#parts.application.scope, channel), this)
  }

  onText(text: string): void {
    if (this.#isBusy || this.#waiting !== null) {
      this.#waiting ??= []
      this.#waiting.push(text)
      if (this.#waiting.length === MOST_WAITING) this.#parts.transport.pause()
      return
    }
    this.#waiting = [text]
    void this.#work()
  }

  onBinary(): void {
    this.send(this.#parts.protocol.refusal(new InvalidJson('Messages are JSON text.')))
  }

  onBeat(): void {
    const { beat } = this.#parts.protocol
    this.#parts.delivery?.beforePing()
    if (beat !== null) this.send(beat)
  }

  onPong(): void {
    this.#parts.delivery?.onPong()
  }

  /** The store knows it no longer: the client starts anew. */
  onLost(): void {
    this.#parts.transport.close(CLOSE.unavailable, 'session lost')
  }

  onClosed(): void {
    for (const channel of this.channels) this.unsubscribe(channel)
    this.#waiting = null
    this.#parts.onClosed(this)
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    const { protocol, transport } = this.#parts
    for (;;) {
      const text = this.#waiting?.shift()
      if (text === undefined) break
      if (this.#waiting?.length === MOST_WAITING - 1) transport.resume()
      await protocol.receive(this, text)
    }
    this.#waiting = null
    this.#isBusy = false
  }

  #assertRoom(most: number): void {
    if (this.channels.size < most) return
    throw new InvalidPayload(`A connection may be on ${most} channels at most.`)
  }
}
