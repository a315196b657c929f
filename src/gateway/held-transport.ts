import type { Held, Sockets } from './sockets.ts'
import { BUFFER_LIMIT, type TransportOwner } from './transport.ts'

/** What transports over HTTP have in common: who is behind them, and that they end once. */
export abstract class HeldTransport implements Held {
  readonly id: string
  readonly from: string
  readonly openedAt: number
  /** `Heartbeat` asks for no answer: nothing comes back, or the library sees to it. */
  readonly awaitingPong = false
  slot = 0
  abstract readonly buffered: number
  protected readonly sockets: Sockets
  #owner: TransportOwner | null = null
  #hasEnded = false

  /** `from` is the address that counts for its limits. */
  constructor({ sockets, from }: { readonly sockets: Sockets; readonly from: string }) {
    this.id = sockets.nextId()
    this.from = from
    this.openedAt = sockets.now()
    this.sockets = sockets
  }

  get owner(): TransportOwner | null {
    return this.#owner
  }

  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /** From now on `owner` hears of this connection. */
  own(owner: TransportOwner): void {
    if (this.#hasEnded) owner.onClosed()
    else this.#owner = owner
  }

  protected assertSpace(): void {
    if (this.buffered > BUFFER_LIMIT) this.sockets.cut(this, 'stuck')
  }

  protected ended(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const owner = this.#owner
    this.#owner = null
    this.sockets.gone(this)
    owner?.onClosed()
  }

  abstract beat(): void
  abstract close(code: number, reason: string): void
  abstract terminate(): void
}
