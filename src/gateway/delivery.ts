import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Sessions } from './application.ts'
import { type Encoder, type Outbound, outboundOf } from './outbound.ts'
import { Outstanding } from './outstanding.ts'
import type { ReadGate } from './read-gate.ts'
import type { Transport } from './transport.ts'

/** Above this much unsent, a client is not pushed any more: it is served from its queue. */
const HIGH_WATER = 256 * 1024
const RETRY_MS = 1000

export interface DeliveryParts {
  readonly user: string
  readonly session: string
  readonly transport: Transport
  readonly encoder: Encoder
  readonly sessions: Sessions
  readonly gate: ReadGate
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings the entries of one session queue to its client, in order. Live
 * messages are hints: whenever one does not follow the last, the queue, which
 * is the truth, is read. What is not acknowledged stays queued; a session that
 * does not acknowledge is taken to have received what a pong has proved.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #outstanding = new Outstanding()
  /** `held` until the client knows its session; `waiting` for the network or the store. */
  #state: 'held' | 'live' | 'reading' | 'waiting' = 'held'
  #sentSeq: number
  #provableSeq = 0
  #acknowledges: boolean
  /** Something came while it could not be sent: look again. */
  #again = false
  #wantedAck = 0
  #acking: Promise<void> | null = null

  constructor(parts: DeliveryParts, from: { seq: number; acknowledges: boolean }) {
    this.#parts = parts
    this.#sentSeq = from.seq
    this.#acknowledges = from.acknowledges
  }

  get sentSeq(): number {
    return this.#sentSeq
  }

  get acknowledges(): boolean {
    return this.#acknowledges
  }

  /** The session is known: `seq` is what lies behind its client already. */
  begin(from: { seq: number; acknowledges: boolean }): Promise<void> {
    this.#sentSeq = from.seq
    this.#acknowledges = from.acknowledges
    this.#state = 'live'
    return this.catchUp()
  }

  receive(message: Outbound): void {
    const { seq } = message.content
    if (seq === 0) {
      if (this.#state !== 'held') this.#show(message)
    } else if (this.#state !== 'live') {
      this.#again = true
    } else if (seq > this.#sentSeq) {
      if (seq === this.#sentSeq + 1 && !this.#isFull()) this.#write(message)
      else void this.catchUp()
    }
  }

  /** Sends what the queue holds beyond what was sent. */
  async catchUp(): Promise<void> {
    this.#again = true
    if (this.#state !== 'live') return
    this.#state = 'reading'
    try {
      while (this.#again && this.#parts.transport.isOpen) {
        this.#again = false
        if (!(await this.#readQueue())) return
      }
      this.#state = 'live'
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a session queue could not be read; trying again')
      this.#wait((wake) => this.#parts.clock.after(RETRY_MS, wake))
    }
  }

  /**
   * Compares with the user's sequence number in the store; `before` is `sentSeq`
   * before that was read. `false`: the store has forgotten, and counts anew.
   */
  compare(seq: number, before: number): boolean {
    if (seq < before) return false
    if (seq !== this.#sentSeq) void this.catchUp()
    return true
  }

  /** The client has everything up to `seq`. Resolves when the store knows. */
  acknowledgeUpTo(seq: number): Promise<void> {
    this.#becomeAcknowledging()
    const known = Math.min(seq, this.#sentSeq)
    this.#outstanding.dropUpTo(known)
    return this.#acknowledge(known)
  }

  async acknowledgeOne(id: string): Promise<void> {
    this.#becomeAcknowledging()
    const { seq, isOldest } = this.#outstanding.drop(id)
    if (seq !== null && isOldest) return this.#acknowledge(seq)
    const { sessions, user, session } = this.#parts
    await sessions.acknowledge(user, session, { id, upTo: this.#sentSeq })
  }

  /** A ping is about to be written: its pong will prove that what went before arrived. */
  beforePing(): void {
    this.#provableSeq = this.#sentSeq
  }

  onPong(): void {
    if (this.#acknowledges || !this.#outstanding.hasUpTo(this.#provableSeq)) return
    this.#outstanding.dropUpTo(this.#provableSeq)
    this.#acknowledge(this.#provableSeq).catch((error: unknown) => {
      this.#parts.log.debug({ err: error }, 'a session queue could not be shortened')
    })
  }

  /** Sends again what has waited long enough for its acknowledgement; 5 times at most. */
  async redeliver(): Promise<void> {
    if (!this.#acknowledges || this.#state !== 'live') return
    const due = this.#outstanding.takeDue(this.#parts.clock.now())
    if (due.size === 0) return
    const { gate, sessions, user, session } = this.#parts
    const { entries } = await gate.run(() => sessions.backlog(user, session))
    for (const message of entries.map(outboundOf)) {
      const { seq } = message.content
      if (due.delete(seq) && this.#outstanding.has(seq)) this.#show(message)
    }
    for (const seq of due) this.#outstanding.forget(seq) // drained elsewhere, or fell off
  }

  /** `false`: the network is full; it goes on when that has drained. */
  async #readQueue(): Promise<boolean> {
    const { gate, sessions, user, session, transport } = this.#parts
    const { seq, entries } = await gate.run(() => sessions.backlog(user, session))
    for (const entry of entries) {
      const message = outboundOf(entry)
      if (message.content.seq <= this.#sentSeq) continue
      if (this.#isFull()) {
        this.#wait((wake) => transport.onceDrained(wake))
        return false
      }
      this.#write(message)
    }
    this.#sentSeq = Math.max(this.#sentSeq, seq)
    return true
  }

  #wait(until: (wake: () => void) => void): void {
    this.#state = 'waiting'
    until(() => {
      if (this.#state !== 'waiting') return
      this.#state = 'live'
      void this.catchUp()
    })
  }

  #write(message: Outbound): void {
    const { seq } = message.content
    this.#sentSeq = seq
    if (this.#show(message)) this.#outstanding.add(seq, message, this.#parts.clock.now())
  }

  #show(message: Outbound): boolean {
    const frame = message.frame(this.#parts.encoder)
    if (frame !== null) this.#parts.transport.send(frame)
    return frame !== null
  }

  #isFull(): boolean {
    return this.#parts.transport.buffered > HIGH_WATER
  }

  #becomeAcknowledging(): void {
    if (this.#acknowledges) return
    this.#acknowledges = true
    const { sessions, user, session, log } = this.#parts
    sessions.markAcknowledging(user, session).catch((error: unknown) => {
      log.debug({ err: error }, 'a session could not be marked as one that acknowledges')
    })
  }

  /** One call at a time; acknowledgements that come meanwhile are one more call. */
  #acknowledge(seq: number): Promise<void> {
    this.#wantedAck = Math.max(this.#wantedAck, seq)
    this.#acking ??= this.#runAcks().finally(() => {
      this.#acking = null
    })
    return this.#acking
  }

  async #runAcks(): Promise<void> {
    const { sessions, user, session } = this.#parts
    await Promise.resolve()
    for (let done = 0; done < this.#wantedAck; ) {
      const seq = this.#wantedAck
      await sessions.acknowledge(user, session, seq)
      done = seq
    }
  }
}
