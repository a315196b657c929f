import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { type Outbound, outboundOf } from './outbound.ts'
import { Outstanding } from './outstanding.ts'
import { readElsewhere } from './read-elsewhere.ts'
import type { ReadGate } from './read-gate.ts'
import { Receipts } from './receipts.ts'
import type { Recipient } from './recipient.ts'

/** Above this much unsent, a client is not pushed any more: it is served from its queue. */
export const HIGH_WATER = 256 * 1024
const RETRY_MS = 1000

/** What all deliveries of a process have in common. */
export interface DeliveryHome {
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
  readonly #recipient: Recipient
  readonly #home: DeliveryHome
  /** Made when first needed: most of many clients are idle. */
  #outstanding: Outstanding | null = null
  /** `held` until the client knows its session; `waiting` for the network or the store. */
  #state: 'held' | 'live' | 'reading' | 'waiting' = 'held'
  #sentSeq = 0
  #acknowledges = false
  /** Something came while it could not be sent: look again. */
  #again = false
  #receipts: Receipts | null = null

  constructor(recipient: Recipient, home: DeliveryHome) {
    this.#recipient = recipient
    this.#home = home
  }

  get sentSeq(): number {
    return this.#sentSeq
  }

  /**
   * The session is known: `seq` is what lies behind its client already. A new
   * session's queue is empty unless something was announced meanwhile.
   */
  async begin(from: { seq: number; acknowledges: boolean; isNew: boolean }): Promise<void> {
    this.#sentSeq = from.seq
    this.#acknowledges = from.acknowledges
    this.#state = 'live'
    if (this.#again || !from.isNew) await this.catchUp()
  }

  receive(message: Outbound): void {
    const { seq } = message
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
      while (this.#again && this.#recipient.transport.isOpen) {
        this.#again = false
        if (!(await this.#readQueue())) return
      }
      this.#state = 'live'
    } catch (error) {
      this.#home.log.warn({ err: error }, 'a session queue could not be read; trying again')
      this.#wait((wake) => this.#home.clock.after(RETRY_MS, wake))
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
    return this.#receive(known, this.#outstanding?.dropUpTo(known) ?? [])
  }

  acknowledgeOne(id: string): Promise<void> {
    this.#becomeAcknowledging()
    const dropped = this.#outstanding?.drop(id)
    if (dropped?.isOldest) return this.#receive(dropped.seq, [id])
    return this.#tell().one(id, this.#sentSeq)
  }

  /** A ping is about to be written: its pong will prove that what went before arrived. */
  beforePing(): void {
    if (this.#outstanding !== null) this.#outstanding.provable = this.#sentSeq
  }

  onPong(): void {
    const outstanding = this.#outstanding
    if (this.#acknowledges || !outstanding?.hasUpTo(outstanding.provable)) return
    outstanding.dropUpTo(outstanding.provable)
    this.#receive(outstanding.provable, []).catch((error: unknown) => {
      this.#home.log.debug({ err: error }, 'a session queue could not be shortened')
    })
  }

  /** Sends again what has waited long enough for its acknowledgement; 5 times at most. */
  async redeliver(): Promise<void> {
    const outstanding = this.#outstanding
    if (!this.#acknowledges || this.#state !== 'live' || outstanding === null) return
    const due = outstanding.takeDue(this.#home.clock.now())
    if (due.size === 0) return
    const { entries } = await this.#backlog()
    const isRead = readElsewhere(entries)
    for (const message of entries.map(outboundOf)) {
      const { seq } = message
      if (isRead(message)) continue
      if (due.delete(seq) && outstanding.has(seq)) this.#show(message)
    }
    for (const seq of due) outstanding.forget(seq) // drained or read elsewhere, or fell off
  }

  /** `false`: the network is full; it goes on when that has drained. */
  async #readQueue(): Promise<boolean> {
    const { seq, entries } = await this.#backlog()
    const isRead = readElsewhere(entries)
    for (const entry of entries) {
      const message = outboundOf(entry)
      if (message.seq <= this.#sentSeq || isRead(message)) continue
      if (this.#isFull()) {
        this.#wait((wake) => this.#recipient.transport.onceDrained(wake))
        return false
      }
      this.#write(message)
    }
    this.#sentSeq = Math.max(this.#sentSeq, seq)
    return true
  }

  #backlog() {
    const { application, user, id } = this.#recipient
    return this.#home.gate.run(() => application.sessions.backlog(user, id))
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
    const { seq } = message
    this.#sentSeq = seq
    if (!this.#show(message)) return
    this.#outstanding ??= new Outstanding()
    this.#outstanding.add(seq, message, this.#home.clock.now())
  }

  #show(message: Outbound): boolean {
    const frame = message.frame(this.#recipient.protocol)
    if (frame !== null) this.#recipient.transport.send(frame)
    return frame !== null
  }

  #isFull(): boolean {
    return this.#recipient.transport.buffered > HIGH_WATER
  }

  #becomeAcknowledging(): void {
    if (this.#acknowledges) return
    this.#acknowledges = true
    const { application, user, id } = this.#recipient
    application.sessions.markAcknowledging(user, id).catch((error: unknown) => {
      this.#home.log.debug({ err: error }, 'a session could not be marked as one that acknowledges')
    })
  }

  #receive(seq: number, ids: readonly string[]): Promise<void> {
    return this.#tell().upTo(seq, ids)
  }

  #tell(): Receipts {
    this.#receipts ??= new Receipts(this.#recipient, this.#home.log)
    return this.#receipts
  }
}
