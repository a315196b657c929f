import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { ChannelHistory, Recovery } from './channel-history.ts'
import { HIGH_WATER } from './delivery.ts'
import { Outbound } from './outbound.ts'
import type { Position } from './position.ts'
import type { Transport } from './transport.ts'

const RETRY_MS = 1000

/** What a client is told of its place on a channel that it has joined. */
export interface Placed extends Position {
  /** Whether nothing is missing since the place that the client named; absent when it named none. */
  readonly recovered?: boolean
  readonly gap?: NonNullable<Recovery['gap']>
}

interface Parts {
  readonly channel: string
  readonly history: ChannelHistory
  readonly transport: Transport
  readonly show: (message: Outbound) => void
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings the events of a user's own channel to one client, each once and in
 * order. Live events are hints: what does not follow the last is looked up in
 * the channel's history, which is the truth.
 */
export class Continuity {
  readonly #parts: Parts
  #state: 'reading' | 'live' = 'reading'
  #again = false
  #position: Position = { epoch: '', offset: 0 }

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get channel(): string {
    return this.#parts.channel
  }

  get position(): Position {
    return this.#position
  }

  /** To be called before the client joins: nothing later is missed. */
  async locate(from: Position | null): Promise<void> {
    this.#position = from ?? (await this.#parts.history.end(this.channel))
  }

  /** To be called once the client has joined; resolves when it has everything. */
  async begin(isResuming: boolean): Promise<Placed> {
    const gap = await this.#read('end')
    const { epoch, offset } = this.#position
    if (!isResuming) return { epoch, offset }
    return { epoch, offset, recovered: gap === null, ...(gap === null ? {} : { gap }) }
  }

  receive(message: Outbound): void {
    const { content } = message
    if (content.kind !== 'event') return
    const { epoch, offset } = this.#position
    const isKept = content.epoch !== null
    if (!isKept) this.#parts.show(message)
    else if (this.#state !== 'live') this.#again = true
    else if (content.epoch !== epoch || content.seq > offset + 1) this.#catchUp()
    else if (content.seq === offset + 1) {
      if (this.#parts.transport.buffered > HIGH_WATER) this.#catchUp()
      else this.#show(message, { epoch, offset: content.seq })
    }
  }

  #catchUp(): void {
    const { clock, log, transport } = this.#parts
    this.#state = 'reading'
    this.#read('start').catch((error: unknown) => {
      log.warn({ err: error }, 'a channel history could not be read; trying again')
      clock.after(RETRY_MS, () => {
        if (transport.isOpen) this.#catchUp()
      })
    })
  }

  /** Answers with what is missing. After another epoch began nothing of it was seen yet. */
  async #read(elsewhere: 'start' | 'end'): Promise<Recovery['gap']> {
    const { channel, history, transport } = this.#parts
    let gap: Recovery['gap'] = null
    do {
      this.#again = false
      const recovery = await history.since(channel, this.#position, elsewhere)
      gap ??= recovery.gap
      await this.#showAll(recovery)
    } while (this.#again && transport.isOpen)
    this.#state = 'live'
    return gap
  }

  async #showAll({ missed, position }: Recovery): Promise<void> {
    const { transport } = this.#parts
    const { epoch } = position
    for (const { offset, event, data } of missed) {
      if (!transport.isOpen) return
      if (transport.buffered > HIGH_WATER) await drained(transport)
      const head = { kind: 'event', channel: this.channel, event, from: null } as const
      this.#show(new Outbound({ ...head, seq: offset, epoch, data }), { epoch, offset })
    }
    this.#position = position
  }

  #show(message: Outbound, position: Position): void {
    this.#position = position
    this.#parts.show(message)
  }
}

function drained(transport: Transport): Promise<void> {
  return new Promise((resolve) => transport.onceDrained(resolve))
}
